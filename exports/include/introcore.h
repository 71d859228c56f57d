/* SPDX-License-Identifier: MIT */
/**
 * introcore.h - the C interface of libintrocore, a hypervisor memory-introspection engine.
 *
 * A glue layer (a VMM, a hypervisor daemon, an emulator plug-in) loads the library, hands it two tables of functions,
 * tells it about the exits of its guests' vCPUs and carries out its decisions.
 *
 * Order of calls
 *   1. IntPreinit(), then IntInit(&glue, &upper): the engine checks and copies both tables and fills the second half
 *      of the glue table with its own functions.
 *   2. For each guest, optionally: IntConfigureGuest(), IntDeclareGuestMemory(). Then glue.NewGuestNotification().
 *   3. For each exit: fill the vCPU's record (IntGetVcpuRecords()), call the handler, do what *Action says.
 *   4. glue.DisableIntro(), IntRemoveGuestMemory(), and at the end IntUninit().
 *
 * Compatibility. The types and the tables have the layout of the HVMI introcore interface, glue version 0x00010111 and
 * upper version 0x00010074, as used by its integrators. What is added here carries the prefix VCPU_, INTRO_GUEST_ or is
 * marked as an addition.
 *
 * Threads. Handlers of different vCPUs, and of different guests, may run at the same time. Two calls for one vCPU at the
 * same time are refused with INT_STATUS_BUSY. A thread that calls in needs at least INTROCORE_MIN_STACK bytes of stack.
 * No function may be called from a signal handler, nor in a child after fork().
 *
 * The process. The library carries a managed runtime. The first call into it installs handlers for SIGSEGV, SIGBUS, SIGFPE and
 * SIGRTMIN and ignores SIGPIPE; they pass on what is not theirs. A host that installs its own handlers later must chain to
 * the former ones. Nothing is written to standard output or error. One more thread is started. The library is linked with
 * -z nodelete: it stays until the process ends. Besides the functions below it exports DotNetRuntimeDebugHeader, for
 * debuggers. Under seccomp it needs what a multi-threaded C program needs: futex, mmap, munmap, mprotect, madvise,
 * rt_sigaction, rt_sigprocmask, tgkill, clone, membarrier, sched_yield, clock_gettime, getrandom.
 *
 * Ownership. A pointer that is passed in is used during the call alone unless said otherwise. No memory changes hands.
 */
#ifndef INTROCORE_H
#define INTROCORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this header, and of the library that it belongs to. */
#define INTROCORE_VERSION_MAJOR 0
#define INTROCORE_VERSION_MINOR 1
#define INTROCORE_VERSION_PATCH 0

/** Smallest stack, in bytes, of a thread that calls into the library: more than twice what a test measured. */
#define INTROCORE_MIN_STACK (256u * 1024u)

/** What loading the library, IntInit and one guest add to a process, in bytes, as a test holds: address space at most, and
 *  resident memory as it is used to be. A guest with one vCPU takes some 25 KiB of it, a hook 60 bytes. */
#define INTROCORE_MAX_ADDRESS_SPACE (2ull << 30)
#define INTROCORE_TYPICAL_RESIDENT (16ull << 20)

/* ---- scalars ---------------------------------------------------------------------------------------------------- */

typedef uint8_t BYTE, BOOLEAN, *PBYTE;
typedef uint16_t WORD, WCHAR;
typedef uint32_t DWORD;
typedef uint64_t QWORD;
typedef char CHAR, *PCHAR;

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif

/** Status: severity << 30 | 1 << 29 | facility << 16 | code. Success and hints are >= 0. IntStatusToString() names one. */
typedef int32_t INTSTATUS;
#define INT_SUCCESS(status) ((INTSTATUS)(status) >= 0)

#define INT_STATUS_SUCCESS                         ((INTSTATUS)0)
#define INT_STATUS_NOT_NEEDED_HINT                 ((INTSTATUS)0x61000000)
#define INT_STATUS_NOT_INITIALIZED_HINT            ((INTSTATUS)0x61000001)
#define INT_STATUS_ALREADY_INITIALIZED_HINT        ((INTSTATUS)0x61000002)
#define INT_STATUS_REINITIALIZED_HINT              ((INTSTATUS)0x61000003)
#define INT_STATUS_FOUND                           ((INTSTATUS)0x61000004)
#define INT_STATUS_HOOK_ACTIVE                     ((INTSTATUS)0x62400001)
#define INT_STATUS_REMOVE_HOOK_ON_RET              ((INTSTATUS)0x62400006)
#define INT_STATUS_SKIP_OTHER_CALLBACKS            ((INTSTATUS)0x62400008)
#define INT_STATUS_REMOVE_AND_SKIP                 ((INTSTATUS)0x62400009)
#define INT_STATUS_DISABLE_DETOUR_ON_RET           ((INTSTATUS)0x6240000A)
#define INT_STATUS_PARTIAL_WRITE                   ((INTSTATUS)0x6240000B)
#define INT_STATUS_FORCE_ACTION_ON_BETA            ((INTSTATUS)0x6240000C)
#define INT_STATUS_BREAK_ITERATION                 ((INTSTATUS)0x6240000E)
#define INT_STATUS_NO_DETOUR_EMU                   ((INTSTATUS)0x6240000F)
#define INT_STATUS_RAISE_EPT                       ((INTSTATUS)0x62400010)
#define INT_STATUS_INSTRUCTION_PATCHED             ((INTSTATUS)0x62400011)
#define INT_STATUS_EXCEPTION_ALLOW                 ((INTSTATUS)0x624000E1)
#define INT_STATUS_EXCEPTION_CHECKS_OK             ((INTSTATUS)0x624000E2)
#define INT_STATUS_SIGNATURE_MATCHED               ((INTSTATUS)0x624000E3)
#define INT_STATUS_REMOVE_DETOUR_AND_SET_RIP       ((INTSTATUS)0x624000E4)
#define INT_STATUS_INVALID_PARAMETER               ((INTSTATUS)0xE1000000)
#define INT_STATUS_INVALID_PARAMETER_1             ((INTSTATUS)0xE1000001)
#define INT_STATUS_INVALID_PARAMETER_2             ((INTSTATUS)0xE1000002)
#define INT_STATUS_INVALID_PARAMETER_3             ((INTSTATUS)0xE1000003)
#define INT_STATUS_INVALID_PARAMETER_4             ((INTSTATUS)0xE1000004)
#define INT_STATUS_INVALID_PARAMETER_5             ((INTSTATUS)0xE1000005)
#define INT_STATUS_INVALID_PARAMETER_6             ((INTSTATUS)0xE1000006)
#define INT_STATUS_INVALID_PARAMETER_7             ((INTSTATUS)0xE1000007)
#define INT_STATUS_INVALID_PARAMETER_8             ((INTSTATUS)0xE1000008)
#define INT_STATUS_INVALID_PARAMETER_9             ((INTSTATUS)0xE1000009)
#define INT_STATUS_INVALID_PARAMETER_10            ((INTSTATUS)0xE100000A)
#define INT_STATUS_INVALID_PARAMETER_11            ((INTSTATUS)0xE100000B)
#define INT_STATUS_INVALID_PARAMETER_12            ((INTSTATUS)0xE100000C)
#define INT_STATUS_INVALID_PARAMETER_MIX           ((INTSTATUS)0xE100000D)
#define INT_STATUS_COMPONENT_NOT_INITIALIZED       ((INTSTATUS)0xE1000100)
#define INT_STATUS_COMPONENT_ALREADY_INITIALIZED   ((INTSTATUS)0xE1000101)
#define INT_STATUS_COMPONENT_NOT_READY             ((INTSTATUS)0xE1000102)
#define INT_STATUS_COMPONENT_NOT_FOUND             ((INTSTATUS)0xE1000103)
#define INT_STATUS_COMPONENT_LIFECYCLE_ENDED       ((INTSTATUS)0xE1000104)
#define INT_STATUS_INVALID_COMPONENT_STATE         ((INTSTATUS)0xE1000105)
#define INT_STATUS_OPERATION_NOT_SUPPORTED         ((INTSTATUS)0xE1000106)
#define INT_STATUS_OPERATION_NOT_IMPLEMENTED       ((INTSTATUS)0xE1000107)
#define INT_STATUS_INVALID_OPERATION_STATE         ((INTSTATUS)0xE1000108)
#define INT_STATUS_COMPONENT_BUSY                  ((INTSTATUS)0xE1000109)
#define INT_STATUS_INVALID_DATA_VALUE              ((INTSTATUS)0xE1000200)
#define INT_STATUS_INVALID_DATA_TYPE               ((INTSTATUS)0xE1000201)
#define INT_STATUS_INVALID_OBJECT_TYPE             ((INTSTATUS)0xE1000201)
#define INT_STATUS_INVALID_DATA_SIZE               ((INTSTATUS)0xE1000202)
#define INT_STATUS_INCONSISTENT_DATA_VALUE         ((INTSTATUS)0xE1000203)
#define INT_STATUS_INCONSISTENT_DATA_SIZE          ((INTSTATUS)0xE1000204)
#define INT_STATUS_CORRUPTED_DATA                  ((INTSTATUS)0xE1000205)
#define INT_STATUS_DATA_NOT_INITIALIZED            ((INTSTATUS)0xE1000206)
#define INT_STATUS_DATA_IN_USE                     ((INTSTATUS)0xE1000207)
#define INT_STATUS_DATA_ALREADY_EXISTS             ((INTSTATUS)0xE1000208)
#define INT_STATUS_DATA_ALREADY_INITIALIZED        ((INTSTATUS)0xE1000209)
#define INT_STATUS_DATA_ALREADY_FREE               ((INTSTATUS)0xE100020A)
#define INT_STATUS_DATA_NOT_FOUND                  ((INTSTATUS)0xE100020B)
#define INT_STATUS_DATA_NOT_READY                  ((INTSTATUS)0xE100020C)
#define INT_STATUS_DATA_LIFECYCLE_ENDED            ((INTSTATUS)0xE100020D)
#define INT_STATUS_INVALID_DATA_STATE              ((INTSTATUS)0xE100020E)
#define INT_STATUS_DATA_DOMAIN_OVERFLOW            ((INTSTATUS)0xE100020F)
#define INT_STATUS_ALIGNMENT_INCONSISTENCY         ((INTSTATUS)0xE1000210)
#define INT_STATUS_DATA_BUFFER_TOO_SMALL           ((INTSTATUS)0xE1000211)
#define INT_STATUS_BUFFER_UNDERFLOW                ((INTSTATUS)0xE1000212)
#define INT_STATUS_BUFFER_OVERFLOW                 ((INTSTATUS)0xE1000213)
#define INT_STATUS_OUT_OF_RESOURCES                ((INTSTATUS)0xE1000214)
#define INT_STATUS_OUT_OF_MEMORY                   ((INTSTATUS)0xE1000215)
#define INT_STATUS_INDEX_OUT_OF_RANGE              ((INTSTATUS)0xE1000216)
#define INT_STATUS_NO_MORE_ENTRIES                 ((INTSTATUS)0xE1000217)
#define INT_STATUS_ARITHMETIC_UNDERFLOW            ((INTSTATUS)0xE1000218)
#define INT_STATUS_ARITHMETIC_OVERFLOW             ((INTSTATUS)0xE1000219)
#define INT_STATUS_UNSUPPORTED_DATA_VALUE          ((INTSTATUS)0xE100021A)
#define INT_STATUS_UNSUPPORTED_DATA_TYPE           ((INTSTATUS)0xE100021B)
#define INT_STATUS_UNSUPPORTED_DATA_SIZE           ((INTSTATUS)0xE100021C)
#define INT_STATUS_DATA_OUT_OF_RANGE               ((INTSTATUS)0xE100021D)
#define INT_STATUS_KEY_ALREADY_EXISTS              ((INTSTATUS)0xE100021E)
#define INT_STATUS_KEY_NOT_FOUND                   ((INTSTATUS)0xE100021F)
#define INT_STATUS_ABORTED_ON_TIMEOUT              ((INTSTATUS)0xE1000401)
#define INT_STATUS_ABORTED_ON_CRITICAL_FAULT       ((INTSTATUS)0xE1000402)
#define INT_STATUS_DATA_ALTERED_FROM_OUSIDE        ((INTSTATUS)0xE1000403)
#define INT_STATUS_SYNCHRONIZATION_INCONSISTENCY   ((INTSTATUS)0xE1000404)
#define INT_STATUS_ALREADY_INITIALIZED             ((INTSTATUS)0xE1000500)
#define INT_STATUS_NOT_INITIALIZED                 ((INTSTATUS)0xE1000501)
#define INT_STATUS_UNEXPECTED_RACE_CONDITION       ((INTSTATUS)0xE1000502)
#define INT_STATUS_INVALID_INTERNAL_STATE          ((INTSTATUS)0xE1000503)
#define INT_STATUS_OUT_OF_RANGE                    ((INTSTATUS)0xE1000504)
#define INT_STATUS_UNINITIALIZED_STATUS_VALUE      ((INTSTATUS)0xE1000505)
#define INT_STATUS_INSUFFICIENT_RESOURCES          ((INTSTATUS)0xE1000506)
#define INT_STATUS_NOT_FOUND                       ((INTSTATUS)0xE1000507)
#define INT_STATUS_NOT_SUPPORTED                   ((INTSTATUS)0xE1000508)
#define INT_STATUS_ACCESS_DENIED                   ((INTSTATUS)0xE1000509)
#define INT_STATUS_UNEXPECTED_IO_ERROR             ((INTSTATUS)0xE100050A)
#define INT_STATUS_ACCESS_VIOLATION                ((INTSTATUS)0xE100050B)
#define INT_STATUS_ABANDONED                       ((INTSTATUS)0xE100050C)
#define INT_STATUS_OBJECT_TYPE_MISMATCH            ((INTSTATUS)0xE100050D)
#define INT_STATUS_INVALID_HANDLE                  ((INTSTATUS)0xE100050E)
#define INT_STATUS_NOT_READY                       ((INTSTATUS)0xE100050F)
#define INT_STATUS_BUSY                            ((INTSTATUS)0xE1000510)
#define INT_STATUS_NO_MAPPING_STRUCTURES           ((INTSTATUS)0xE2400013)
#define INT_STATUS_PAGE_NOT_PRESENT                ((INTSTATUS)0xE2400016)
#define INT_STATUS_DISASM_ERROR                    ((INTSTATUS)0xE2400020)
#define INT_STATUS_GUEST_OS_NOT_SUPPORTED          ((INTSTATUS)0xE2400030)
#define INT_STATUS_CANNOT_UNLOAD                   ((INTSTATUS)0xE2400040)
#define INT_STATUS_LOAD_ABORTED                    ((INTSTATUS)0xE2400050)
#define INT_STATUS_POWER_STATE_BLOCK               ((INTSTATUS)0xE2400060)
#define INT_STATUS_STACK_SWAPPED_OUT               ((INTSTATUS)0xE2400061)
#define INT_STATUS_EXCEPTION_NOT_MATCHED           ((INTSTATUS)0xE24000E1)
#define INT_STATUS_EXCEPTION_CHECKS_FAILED         ((INTSTATUS)0xE24000E2)
#define INT_STATUS_SIGNATURE_NOT_FOUND             ((INTSTATUS)0xE24000E3)
#define INT_STATUS_UNINIT_BUGCHECK                 ((INTSTATUS)0xE24000E4)
#define INT_STATUS_EXCEPTION_BLOCK                 ((INTSTATUS)0xE24000EF)
#define INT_STATUS_UNSUCCESSFUL                    ((INTSTATUS)0xE24000FE)
#define INT_STATUS_FATAL_ERROR                     ((INTSTATUS)0xE24000FF)

/* ---- enumerations ----------------------------------------------------------------------------------------------- */

/** What the glue has to do with the access it reported. Where several hooks speak, the largest value wins.
 *  Allowed: complete it. AllowedVirtual: the engine has done it, RIP included. AllowedPatched: complete it with the bytes
 *  given to SetIntroEmulatorContext. NotAllowed: it must not happen; the instruction disappears. Ignore: as if never
 *  asked. Retry: enter the guest again, nothing changed. */
typedef enum _INTRO_ACTION {
    introGuestAllowed = 0,
    introGuestAllowedVirtual = 1,
    introGuestAllowedPatched = 2,
    introGuestNotAllowed = 3,
    introGuestIgnore = 4,
    introGuestRetry = 5
} INTRO_ACTION;

/** EventClass of NotifyIntrospectionAlert. */
typedef enum _INTRO_EVENT_TYPE {
    introEventEptViolation = 1,
    introEventMsrViolation = 2,
    introEventCrViolation = 3,
    introEventXcrViolation = 4,
    introEventIntegrityViolation = 5,
    introEventTranslationViolation = 6,
    introEventInjectionViolation = 7,
    introEventDtrViolation = 8,
    introEventMessage = 9,
    introEventProcessEvent = 10,
    introEventAgentEvent = 11,
    introEventModuleEvent = 12,
    introEventCrashEvent = 13,
    introEventExceptionEvent = 14,
    introEventConnectionEvent = 15,
    introEventProcessCreationViolation = 16,
    introEventModuleLoadViolation = 17,
    introEventEnginesDetectionViolation = 18
} INTRO_EVENT_TYPE;

/** Why an action was chosen. */
typedef enum _INTRO_ACTION_REASON {
    introReasonAllowed = 0,
    introReasonAllowedFeedback = 1,
    introReasonSignatureNotMatched = 2,
    introReasonNoException = 3,
    introReasonExtraChecksFailed = 4,
    introReasonExceptionsNotLoaded = 5,
    introReasonInternalError = 6,
    introReasonValueCodeNotMatched = 7,
    introReasonValueNotMatched = 8,
    introReasonExportNotMatched = 9,
    introReasonIdtNotMatched = 10,
    introReasonVersionOsNotMatched = 11,
    introReasonVersionIntroNotMatched = 12,
    introReasonProcessCreationNotMatched = 13,
    introReasonSameValue = 14,
    introReasonUnknown = 15
} INTRO_ACTION_REASON;

/** What an alert is about. */
typedef enum _INTRO_OBJECT_TYPE {
    introObjectTypeRaw = 1,
    introObjectTypeInternal = 2,
    introObjectTypeSsdt = 3,
    introObjectTypeFastIoDispatch = 4,
    introObjectTypeDriverObject = 5,
    introObjectTypeKmModule = 6,
    introObjectTypeIdt = 7,
    introObjectTypeGdt = 8,
    introObjectTypeKmUnpack = 9,
    introObjectTypeProcess = 10,
    introObjectTypeUmInternal = 11,
    introObjectTypeUmUnpack = 12,
    introObjectTypeUmHeap = 13,
    introObjectTypeUmStack = 14,
    introObjectTypeUmGenericNxZone = 15,
    introObjectTypeUmModule = 16,
    introObjectTypeDetourRead = 17,
    introObjectTypeTokenPtr = 18,
    introObjectTypeCreds = 18,
    introObjectTypeHalDispatchTable = 19,
    introObjectTypeHalIntController = 20,
    introObjectTypeSelfMapEntry = 21,
    introObjectTypeHalHeap = 22,
    introObjectTypeVdso = 23,
    introObjectTypeVsyscall = 24,
    introObjectTypeExTable = 25,
    introObjectTypeVeAgent = 26,
    introObjectTypeIdtr = 27,
    introObjectTypeGdtr = 28,
    introObjectTypeProcessCreation = 29,
    introObjectTypeExecSuspiciousDll = 30,
    introObjectTypeKmLoggerContext = 31,
    introObjectTypeProcessCreationDpi = 32,
    introObjectTypeTokenPrivs = 33,
    introObjectTypeSudExec = 34,
    introObjectTypeHalPerfCounter = 35,
    introObjectTypeHookedFunction = 36,
    introObjectTypeSlackSpace = 37,
    introObjectTypeSecDesc = 38,
    introObjectTypeAcl = 39,
    introObjectTypeSudIntegrity = 40,
    introObjectTypeInterruptObject = 41,
    introObjectTypeTest = 42
} INTRO_OBJECT_TYPE;

/** Violation of an EPT alert. */
typedef enum _INTRO_EPT_ACCESS_TYPE {
    INTRO_EPT_NONE = 0,
    INTRO_EPT_READ = 1,
    INTRO_EPT_WRITE = 2,
    INTRO_EPT_EXECUTE = 3
} INTRO_EPT_ACCESS_TYPE;

/** MITRE ATT&CK technique of an alert. */
typedef enum _MITRE_ID {
    idCredDump = 1003,
    idRootkit = 1014,
    idSoftwarePacking = 1045,
    idProcInject = 1055,
    idScripting = 1064,
    idExploitPrivEsc = 1068,
    idPowerShell = 1086,
    idProcHollowing = 1093,
    idExecApi = 1106,
    idExecModLoad = 1129,
    idAccessToken = 1134,
    idHooking = 1179,
    idEWMI = 1181,
    idProcDoppelganging = 1186,
    idExploitClientExec = 1203,
    idTrustedDevUtil = 1127,
    idExploitRemote = 1210,
    idKernModExt = 1215
} MITRE_ID;

/** Operating system of a guest. */
typedef enum _INTRO_GUEST_TYPE {
    introGuestUnknown = 0,
    introGuestWindows = 1,
    introGuestLinux = 2
} INTRO_GUEST_TYPE;

/** Error of NotifyIntrospectionErrorState. */
typedef enum _INTRO_ERROR_STATE {
    intErrNone = 0,
    intErrGuestNotIdentified = 1,
    intErrGuestNotSupported = 2,
    intErrGuestKernelNotFound = 3,
    intErrGuestApiNotFound = 4,
    intErrGuestExportNotFound = 5,
    intErrGuestStructureNotFound = 6,
    intErrUpdateFileNotSupported = 7,
    intErrProcNotProtectedNoMemory = 8,
    intErrProcNotProtectedInternalError = 9
} INTRO_ERROR_STATE;

/** Type of a scan request. */
typedef enum _INTRO_ENG_NOTIF_TYPE {
    introEngineNotificationCodeExecution = 1,
    introEngineNotificationCmdLine = 2
} INTRO_ENG_NOTIF_TYPE;

/** InfoClass of QueryGuestInfo. InfoParam is the vCPU number as a pointer-sized integer, or IG_CURRENT_VCPU.
 *  REGISTER_STATE_GPRS fills everything of IG_ARCH_REGS but the descriptor tables; SET_REGISTERS ignores these and CR3. */
typedef enum _IG_QUERY_INFO_CLASS {
    IG_QUERY_INFO_CLASS_REGISTER_STATE = 0,
    IG_QUERY_INFO_CLASS_READ_MSR = 1,
    IG_QUERY_INFO_CLASS_IDT = 2,
    IG_QUERY_INFO_CLASS_GDT = 3,
    IG_QUERY_INFO_CLASS_CPU_COUNT = 4,
    IG_QUERY_INFO_CLASS_SET_REGISTERS = 5,
    IG_QUERY_INFO_CLASS_TSC_SPEED = 6,
    IG_QUERY_INFO_CLASS_CURRENT_TID = 7,
    IG_QUERY_INFO_CLASS_REGISTER_STATE_GPRS = 8,
    IG_QUERY_INFO_CLASS_CS_TYPE = 9,
    IG_QUERY_INFO_CLASS_CS_RING = 10,
    IG_QUERY_INFO_CLASS_SEG_REGISTERS = 11,
    IG_QUERY_INFO_CLASS_XSAVE_SIZE = 12,
    IG_QUERY_INFO_CLASS_XSAVE_AREA = 13,
    IG_QUERY_INFO_CLASS_EPTP_INDEX = 14,
    IG_QUERY_INFO_CLASS_MAX_GPFN = 15,
    IG_QUERY_INFO_CLASS_SET_XSAVE_AREA = 16,
    IG_QUERY_INFO_CLASS_GET_XCR0 = 17,
    IG_QUERY_INFO_CLASS_VE_SUPPORT = 100,
    IG_QUERY_INFO_CLASS_VMFUNC_SUPPORT = 101,
    IG_QUERY_INFO_CLASS_SPP_SUPPORT = 102,
    IG_QUERY_INFO_CLASS_DTR_SUPPORT = 103
} IG_QUERY_INFO_CLASS;

/** Code segment of a vCPU. */
typedef enum _IG_CS_TYPE {
    IG_CS_TYPE_INVALID = 0,
    IG_CS_TYPE_16B = 1,
    IG_CS_TYPE_32B = 2,
    IG_CS_TYPE_64B = 3
} IG_CS_TYPE;

/** Current privilege level of a vCPU. */
typedef enum _IG_CS_RING {
    IG_CS_RING_0 = 0,
    IG_CS_RING_1 = 1,
    IG_CS_RING_2 = 2,
    IG_CS_RING_3 = 3
} IG_CS_RING;

/** Flags of a descriptor-table exit. */
typedef enum _IG_DESC_ACCESS {
    IG_DESC_ACCESS_IDTR = 1,
    IG_DESC_ACCESS_GDTR = 2,
    IG_DESC_ACCESS_TR = 4,
    IG_DESC_ACCESS_LDTR = 8,
    IG_DESC_ACCESS_READ = 16,
    IG_DESC_ACCESS_WRITE = 32
} IG_DESC_ACCESS;

/** Kind of an MSR exit. */
typedef enum _IG_MSR_HOOK_TYPE {
    IG_MSR_HOOK_READ = 1,
    IG_MSR_HOOK_WRITE = 2,
    IG_MSR_HOOK_BOTH = 3
} IG_MSR_HOOK_TYPE;

/** Bits of IG_EPT_ACCESS. */
typedef enum _IG_EPT_HOOK_TYPE {
    IG_EPT_HOOK_NONE = 0,
    IG_EPT_HOOK_READ = 1,
    IG_EPT_HOOK_WRITE = 2,
    IG_EPT_HOOK_EXECUTE = 4
} IG_EPT_HOOK_TYPE;

/** Memory type of a physical page. */
typedef enum _IG_MEMTYPE {
    IG_MEM_UC = 0,
    IG_MEM_WC = 1,
    IG_MEM_WT = 4,
    IG_MEM_WP = 5,
    IG_MEM_WB = 6,
    IG_MEM_UC_MINUS = 7,
    IG_MEM_UNKNOWN = 255
} IG_MEMTYPE;

/** Power state of a guest. */
typedef enum _IG_GUEST_POWER_STATE {
    intGuestPowerStateResume = 1,
    intGuestPowerStateSleep = 2,
    intGuestPowerStateShutDown = 3,
    intGuestPowerStateTerminating = 4
} IG_GUEST_POWER_STATE;

/** Level of the engine's log. */
typedef enum _IG_LOG_LEVEL {
    intLogLevelDebug = 0,
    intLogLevelInfo = 1,
    intLogLevelWarning = 2,
    intLogLevelError = 3,
    intLogLevelCritical = 4
} IG_LOG_LEVEL;

/** Access of an EPT violation: IG_EPT_HOOK_READ, _WRITE, _EXECUTE or a sum of them. */
typedef BYTE IG_EPT_ACCESS;

/* ---- constants -------------------------------------------------------------------------------------------------- */

#define IG_CURRENT_VCPU 0xFFFFFFFFu
#define IG_CURRENT_EPT 0xFFFFFFFFu
#define IG_PHYSMAP_NO_CACHE 1u
#define IG_DISABLE_IGNORE_SAFENESS 2u
#define IG_TIMER_FREQUENCY 1u /* calls of the timer handler a second */

/** Options of NewGuestNotification that this version acts on. Others are refused one by one in the log, and left out of
 *  what GetCurrentIntroOptions returns. */
#define INTRO_OPT_PROT_KM_IDT 0x0000000000000008ull         /* interrupt descriptor table */
#define INTRO_OPT_PROT_KM_CR4 0x0000000000000800ull         /* CR4.SMEP and CR4.SMAP cleared */
#define INTRO_OPT_PROT_KM_MSR_SYSCALL 0x0000000000001000ull /* STAR LSTAR CSTAR SFMASK SYSENTER_CS _ESP _EIP written */
#define INTRO_OPT_PROT_KM_IDTR 0x0000000000002000ull        /* IDTR loaded with another table */
#define INTRO_OPT_PROT_KM_GDTR 0x0000000000080000ull        /* GDTR loaded with another table */
#define INTRO_OPT_KM_BETA_DETECTIONS 0x0000000004000000ull  /* log-only: alert, then let it happen */

/** Options that are known and not acted on yet. */
#define INTRO_OPT_BUGCHECK_CLEANUP 0x0000000020000000ull /* end when the guest crashes, before it writes its dump */

/** Guards of INTRO_GUEST_CONFIG: protections that the reference has no option for. Log-only as the options above. */
#define INTRO_GUARD_CR0_WP 1ull   /* CR0.WP cleared, and PE or PG cleared once they were set */
#define INTRO_GUARD_CR4_UMIP 2ull /* CR4.UMIP cleared */
#define INTRO_GUARD_EFER_NXE 4ull /* EFER.NXE cleared */

/** Flags of INTRO_VIOLATION_HEADER. */
#define ALERT_FLAG_BETA 0x001ull
#define ALERT_FLAG_NOT_RING0 0x008ull
#define ALERT_FLAG_ASYNC 0x010ull /* after the fact; of a store by a vCPU: it had landed, and is taken back if Action says NotAllowed */
#define ALERT_FLAG_LINUX 0x020ull
#define ALERT_FLAG_FEEDBACK_ONLY 0x080ull

/** ZoneTypes of an EPT alert. */
#define ZONE_WRITE 0x010000000ull
#define ZONE_READ 0x020000000ull
#define ZONE_EXECUTE 0x040000000ull

#define INTRO_VIOLATION_VERSION 1u
#define ALERT_PATH_MAX_LEN 260
#define ALERT_IMAGE_NAME_LEN 16
#define ALERT_CMDLINE_MAX_LEN 512
#define ALERT_EXCEPTION_SIZE 255
#define ALERT_MAX_INSTRUX_LEN 128
#define ALERT_MAX_CODEBLOCKS 64
#define ALERT_MAX_FUNCTIONS 4
#define ALERT_MAX_FUNCTION_NAME_LEN 32
#define ALERT_MAX_SECTION_NAME_LEN 8

/* ---- registers -------------------------------------------------------------------------------------------------- */

/** Registers of a vCPU. The first sixteen are in the order of the x86 encoding. */
typedef struct _IG_ARCH_REGS {
    QWORD Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15;
    QWORD Cr2, Flags, Dr7, Rip, Cr0, Cr4, Cr3, Cr8;
    QWORD IdtBase, IdtLimit, GdtBase, GdtLimit;
} IG_ARCH_REGS, *PIG_ARCH_REGS;

/** Buffer of IG_QUERY_INFO_CLASS_READ_MSR: MsrId in, Value out. */
typedef struct _IG_QUERY_MSR {
    DWORD MsrId;
    QWORD Value;
} IG_QUERY_MSR, *PIG_QUERY_MSR;

/** Buffer of IG_QUERY_INFO_CLASS_SEG_REGISTERS. */
typedef struct _IG_SEG_REGS {
    QWORD CsBase, CsLimit, CsSelector, CsAr;
    QWORD SsBase, SsLimit, SsSelector, SsAr;
    QWORD DsBase, DsLimit, DsSelector, DsAr;
    QWORD EsBase, EsLimit, EsSelector, EsAr;
    QWORD FsBase, FsLimit, FsSelector, FsAr;
    QWORD GsBase, GsLimit, GsSelector, GsAr;
} IG_SEG_REGS, *PIG_SEG_REGS;

/** What NotifyIntrospectionDetectedOs and GetGuestInfo tell of a guest. */
typedef struct _GUEST_INFO {
    INTRO_GUEST_TYPE Type;
    QWORD BuildNumber;
    BOOLEAN Guest64;
    DWORD OsVersion;
    QWORD StartupTime;
    QWORD _Reserved[4];
} GUEST_INFO, *PGUEST_INFO;

/* ---- the pinned record of a vCPU --------------------------------------------------------------------------------- */

/** A segment register as the processor caches it. Attributes: as in a VMCS (SDM 3C 24.4.1, access rights). */
typedef struct _VCPU_SEGMENT {
    QWORD Base;
    DWORD Limit;
    WORD Selector;
    WORD Attributes;
} VCPU_SEGMENT;

/** The instruction that the last exit decoded. Code and Mnemonic number as the decoder's tables do and are stable within a
 *  version of the library alone; Length is 0 when nothing was decoded. */
typedef struct _VCPU_INSTRUCTION {
    QWORD Rip;
    WORD Code;
    WORD Mnemonic;
    BYTE Length;
    BYTE Bitness; /* 16, 32 or 64 */
    BYTE Reserved[2];
    BYTE Bytes[16]; /* Length of them are valid */
} VCPU_INSTRUCTION;

/** Bits of PushedMask and DirtyMask. Bits 0 to 15 are the general-purpose registers in the order of IG_ARCH_REGS. */
#define VCPU_REG_GPRS 0x0000FFFFull
#define VCPU_REG_RIP 0x00010000ull
#define VCPU_REG_FLAGS 0x00020000ull
#define VCPU_REG_CR0 0x00040000ull
#define VCPU_REG_CR2 0x00080000ull
#define VCPU_REG_CR3 0x00100000ull
#define VCPU_REG_CR4 0x00200000ull
#define VCPU_REG_CR8 0x00400000ull
#define VCPU_REG_DR7 0x00800000ull
#define VCPU_REG_EFER 0x01000000ull
#define VCPU_REG_CS_TYPE 0x02000000ull
#define VCPU_REG_CPL 0x04000000ull
#define VCPU_REG_SEGMENTS 0x08000000ull
#define VCPU_REG_TABLES 0x10000000ull /* IDT and GDT base and limit in Regs */
#define VCPU_REG_XCR0 0x20000000ull
#define VCPU_REG_EPTP_INDEX 0x40000000ull

/** What has to be pushed for an exit to need no query at all. */
#define VCPU_REG_SUFFICIENT                                                                                              \
    (VCPU_REG_GPRS | VCPU_REG_RIP | VCPU_REG_CR0 | VCPU_REG_CR3 | VCPU_REG_CR4 | VCPU_REG_EFER | VCPU_REG_CS_TYPE |      \
     VCPU_REG_CPL)

/** Bits of ExitFlags. */
#define VCPU_EXIT_DATA 1u        /* ExitData holds the ExitDataSize bytes that the store will write at the exit's GPA */
#define VCPU_EXIT_NO_GLA 2u      /* the hypervisor does not know the linear address; the parameter is to be ignored */
#define VCPU_EXIT_RIP_RETIRED 4u /* Rip is already past the instruction (KVM's MMIO exits) */

/** Values of State. */
typedef enum _VCPU_STATE_KIND {
    vcpuStateNone = 0,
    vcpuStateActive = 1,
    vcpuStateEptViolation = 2,
    vcpuStateMsrViolation = 3,
    vcpuStateVmcall = 4,
    vcpuStateCrWrite = 5,
    vcpuStateDtrLoad = 6,
    vcpuStateTimer = 7,
    vcpuStateXcrWrite = 8,
    vcpuStateBreakpoint = 9,
    vcpuStateEventInjection = 10
} VCPU_STATE_KIND;

/**
 * The record of one vCPU: 832 bytes, 64-byte aligned, at Base + cpu * Stride of IntGetVcpuRecords(), at the same place
 * from NewGuestNotification until DisableIntro has succeeded. [glue] is written by the glue before it calls a handler,
 * [engine] by the engine during the call. Between two calls for the vCPU the glue may read all of it.
 *
 *  offset size  field            writer   meaning
 *       0    8  EventId          engine   number of the vCPU's exit, from 1
 *       8    4  Index            engine   number of the vCPU
 *      12    4  State            engine   VCPU_STATE_KIND
 *      16   16  ExitGpa, ExitGla engine   addresses of the exit as reported
 *      32   16  Gpa, Gla         engine   the piece that is being judged
 *      48    4  ExitAccess       engine   IG_EPT_ACCESS of the exit
 *      52    4  AccessSize       engine   bytes of the piece that is being judged
 *      56    4  EptpIndex        glue     index of the EPT in use
 *      60    4  Initialized .. RepOptDisabled   engine
 *      64  224  Regs             glue     registers; PushedMask says which of them are valid
 *     288    8  Ia32Efer         glue
 *     296    8  Xcr0             glue
 *     304   16  AllowOnExecRip, AllowOnExecGpa  engine
 *     320   24  IdtBase, GdtBase, IdtLimit, PtContext, VeContext   engine   tables as last accepted
 *     344   40  PcrGla, CurrentUD, IdtHookObject, LixProcessGva, VeInfoPage   engine   ids or addresses
 *     384   16  Exception        engine   injection whose outcome is not known yet
 *     400   24  PtWriteCache     engine   0: stores are judged before they land, so that nothing is to be remembered
 *     424   24  PtEmuBuffer      engine   paging entry before and after, while an agent's report about it is judged
 *     448   80  PatchBuffer      engine   after introGuestAllowedPatched, what was given to SetIntroEmulatorContext
 *     528   32  Instruction      engine   last decoded instruction
 *     560   16  Reserved0
 *     576    8  PushedMask       glue     VCPU_REG_ bits that the glue has filled in; the engine clears it at the end
 *     584    8  DirtyMask        engine   VCPU_REG_ bits that the glue has to apply and then clear (see IntConfigureGuest)
 *     592    4  ExitFlags        glue     VCPU_EXIT_ bits; the engine clears it at the end
 *     596    4  ExitDataSize     glue     1 to 64
 *     600    4  CsType           glue     IG_CS_TYPE
 *     604    4  Cpl              glue     0 to 3
 *     608   96  Segments         glue     CS SS DS ES FS GS
 *     704   64  ExitData         glue     bytes of the store, VCPU_EXIT_DATA
 *     768   32  StoreRip .. StoreNext   engine   the store whose pieces are being judged
 *     800   32  RetryPlace .. Reserved1   engine   what was answered introGuestRetry last
 */
typedef struct _VCPU_STATE {
    QWORD EventId;
    DWORD Index;
    DWORD State;
    QWORD ExitGpa;
    QWORD ExitGla;
    QWORD Gpa;
    QWORD Gla;
    DWORD ExitAccess;
    DWORD AccessSize;
    DWORD EptpIndex;
    BYTE Initialized;
    BYTE SingleStep;
    BYTE AllowOnExec;
    BYTE RepOptDisabled;
    IG_ARCH_REGS Regs;
    QWORD Ia32Efer;
    QWORD Xcr0;
    QWORD AllowOnExecRip;
    QWORD AllowOnExecGpa;
    QWORD IdtBase;
    QWORD GdtBase;
    WORD IdtLimit;
    BYTE PtContext;
    BYTE VeContext;
    DWORD Reserved2;
    QWORD PcrGla;
    QWORD CurrentUD;
    QWORD IdtHookObject;
    QWORD LixProcessGva;
    QWORD VeInfoPage;
    struct {
        BYTE Valid;
        BYTE Vector;
        WORD Reserved;
        DWORD ErrorCode;
        QWORD Cr2;
    } Exception;
    struct {
        QWORD PteAddress;
        QWORD Value;
        BYTE Valid;
        BYTE Reserved[7];
    } PtWriteCache;
    struct {
        QWORD Old;
        QWORD New;
        BYTE Valid;
        BYTE Emulated;
        BYTE Partial;
        BYTE Reserved[5];
    } PtEmuBuffer;
    struct {
        QWORD Gla;
        DWORD Size;
        BYTE Valid;
        BYTE Reserved[3];
        BYTE Data[64];
    } PatchBuffer;
    VCPU_INSTRUCTION Instruction;
    QWORD Reserved0[2];
    QWORD PushedMask;
    QWORD DirtyMask;
    DWORD ExitFlags;
    DWORD ExitDataSize;
    DWORD CsType;
    DWORD Cpl;
    VCPU_SEGMENT Segments[6];
    BYTE ExitData[64];
    QWORD StoreRip;    /* instruction whose pieces are being judged, 0: none, all ones: not looked at */
    QWORD StoreGla;    /* first byte of its operand; not looked at: of the piece */
    DWORD StoreSize;   /* bytes of its operand; not looked at: 0 */
    DWORD StoreAction; /* INTRO_ACTION of the piece before */
    QWORD StoreNext;   /* linear address that its next piece will have */
    QWORD RetryPlace;  /* what made the engine answer introGuestRetry last, where that may go on and on */
    QWORD RetryEvent;  /* the exit that it was */
    DWORD RetryCount;  /* how many exits in a row */
    DWORD Reserved3;
    QWORD Reserved1;
} VCPU_STATE;

/* ---- alerts ----------------------------------------------------------------------------------------------------- */

/** Versions of everything that had a part in a verdict. */
typedef struct _INTRO_VERSION_INFO {
    WORD ExceptionMajor;
    WORD ExceptionMinor;
    DWORD ExceptionBuild;
    WORD IntroMajor;
    WORD IntroMinor;
    WORD IntroRevision;
    DWORD IntroBuildNumber;
    DWORD CamiMajor;
    DWORD CamiMinor;
    DWORD CamiBuildNumber;
    QWORD OsVer;
} INTRO_VERSION_INFO;

/** The vCPU at the exit. Valid is FALSE, and Cpu all ones, where no vCPU was involved (a device's store). Instruction is
 *  the instruction's bytes in hexadecimal, two blanks and its mnemonic, NUL-terminated. Where a change was not trapped but found
 *  by the timer (ALERT_FLAG_ASYNC, Action Allowed), Rip is 0 and Instruction says "seen after N ms": it happened at most so long
 *  before. */
typedef struct _INTRO_CPUCTX {
    BOOLEAN Valid;
    DWORD Cpu;
    QWORD Rip;
    QWORD Cr3;
    CHAR Instruction[ALERT_MAX_INSTRUX_LEN];
} INTRO_CPUCTX;

typedef struct _INTRO_TOKEN_PRIVILEGES {
    QWORD Present;
    QWORD Enabled;
    QWORD EnabledByDefault;
} INTRO_TOKEN_PRIVILEGES;

typedef struct _INTRO_SID_ATTRIBUTES {
    BOOLEAN IsRestricted;
    DWORD Attributes;
    BYTE RawBuffer[68]; /* the SID as the guest stores it */
} INTRO_SID_ATTRIBUTES;

typedef struct _INTRO_WIN_TOKEN {
    BOOLEAN ImpersonationToken;
    INTRO_TOKEN_PRIVILEGES Privileges;
    BYTE _padding[3];
    DWORD SidCount;
    INTRO_SID_ATTRIBUTES SidsAndAttributes[4];
    DWORD RestrictedSidCount;
    INTRO_SID_ATTRIBUTES RestrictedSids[4];
    BOOLEAN SidsBufferTooSmall;
    BOOLEAN RestrictedSIdsBufferTooSmall;
    BOOLEAN Valid;
} INTRO_WIN_TOKEN;

typedef struct _INTRO_TOKEN {
    INTRO_WIN_TOKEN WindowsToken;
} INTRO_TOKEN;

typedef struct _INTRO_PROCESS {
    BOOLEAN Valid;
    DWORD Pid;
    QWORD Cr3;
    QWORD CreationTime;
    CHAR ImageName[ALERT_IMAGE_NAME_LEN];
    WCHAR Path[ALERT_PATH_MAX_LEN];
    INTRO_TOKEN SecurityInfo;
    CHAR CmdLine[ALERT_CMDLINE_MAX_LEN];
    QWORD Context;
    BOOLEAN Wow64;
} INTRO_PROCESS;

typedef struct _INTRO_MODULE {
    BOOLEAN Valid;
    QWORD Base;
    DWORD Size;
    DWORD TimeDateStamp;
    WCHAR Name[ALERT_PATH_MAX_LEN];
    WCHAR Path[ALERT_PATH_MAX_LEN];
} INTRO_MODULE;

typedef struct _INTRO_DRVOBJ {
    BOOLEAN Valid;
    QWORD Address;
    WCHAR Name[ALERT_PATH_MAX_LEN];
    QWORD Owner;
} INTRO_DRVOBJ;

/** Head of every violation. Action is what the policy decided; with ALERT_FLAG_BETA the access happens all the same. */
typedef struct _INTRO_VIOLATION_HEADER {
    DWORD ViolationVersion;
    INTRO_VERSION_INFO VerInfo;
    INTRO_ACTION Action;
    INTRO_ACTION_REASON Reason;
    INTRO_CPUCTX CpuContext;
    INTRO_PROCESS CurrentProcess;
    QWORD Flags;
    MITRE_ID MitreID;
    BYTE Exception[ALERT_EXCEPTION_SIZE];
} INTRO_VIOLATION_HEADER;

/** Bytes before and after a write; Size is the whole size of the store, of which at most 64 bytes are shown. */
typedef struct _INTRO_WRITE_INFO {
    QWORD OldValue[8];
    QWORD NewValue[8];
    DWORD Size;
} INTRO_WRITE_INFO;

typedef struct _INTRO_READ_INFO {
    QWORD Value[8];
    DWORD Size;
} INTRO_READ_INFO;

typedef struct _INTRO_EXEC_INFO {
    QWORD Rsp;
    QWORD StackBase;
    QWORD StackLimit;
    DWORD Length;
} INTRO_EXEC_INFO;

typedef struct _INTRO_CODEBLOCKS {
    BOOLEAN Valid;
    QWORD StartAddress;
    QWORD Rip;
    DWORD RipCbIndex;
    DWORD Count;
    QWORD CodeBlocks[ALERT_MAX_CODEBLOCKS];
} INTRO_CODEBLOCKS;

typedef struct _INTRO_GPRS {
    QWORD RegRax, RegRcx, RegRdx, RegRbx, RegRsp, RegRbp, RegRsi, RegRdi;
    QWORD RegR8, RegR9, RegR10, RegR11, RegR12, RegR13, RegR14, RegR15;
    QWORD RegCr2, RegFlags, RegDr7, RegRip;
} INTRO_GPRS;

/** Registers and the page of code around RIP. Registers that the glue neither pushed nor was asked for are 0. */
typedef struct _INTRO_EXEC_CONTEXT {
    DWORD CsType;
    INTRO_GPRS Registers;
    BYTE RipCode[4096];
} INTRO_EXEC_CONTEXT;

/** introEventEptViolation. The buffer is the engine's and is reused after NotifyIntrospectionAlert has returned. */
typedef struct _EVENT_EPT_VIOLATION {
    INTRO_VIOLATION_HEADER Header;
    struct {
        INTRO_MODULE Module;
        INTRO_MODULE ReturnModule;
        INTRO_PROCESS Process;
        struct {
            BOOLEAN User : 1;
            BOOLEAN Kernel : 1;
        } Injection;
    } Originator;
    struct {
        INTRO_OBJECT_TYPE Type;
        union {
            INTRO_MODULE Module;
            INTRO_DRVOBJ DriverObject;
        } u;
        BYTE IdtEntry; /* number of the gate, Type introObjectTypeIdt */
    } Victim;
    union {
        INTRO_WRITE_INFO WriteInfo;
        INTRO_READ_INFO ReadInfo;
        INTRO_EXEC_INFO ExecInfo;
    } u;
    INTRO_CODEBLOCKS CodeBlocks;
    BYTE Violation; /* INTRO_EPT_ACCESS_TYPE */
    QWORD HookStartVirtual;
    QWORD HookStartPhysical;
    QWORD VirtualPage;
    QWORD PhysicalPage;
    DWORD Offset;
    QWORD ZoneTypes;
    CHAR RipSectionName[ALERT_MAX_SECTION_NAME_LEN];
    QWORD ReturnRip;
    CHAR ReturnRipSectionName[ALERT_MAX_SECTION_NAME_LEN];
    CHAR ModifiedSectionName[ALERT_MAX_SECTION_NAME_LEN];
    CHAR FunctionName[ALERT_MAX_FUNCTION_NAME_LEN];
    DWORD FunctionNameHash;
    DWORD Delta;
    struct {
        CHAR Name[ALERT_MAX_FUNCTIONS][ALERT_MAX_FUNCTION_NAME_LEN];
        DWORD Hash[ALERT_MAX_FUNCTIONS];
        DWORD Delta;
    } Export;
    INTRO_EXEC_CONTEXT ExecContext;
} EVENT_EPT_VIOLATION;

/** Security descriptors before and after; in EVENT_INTEGRITY_VIOLATION. */
typedef struct _INTRO_SEC_DESC_INFO {
    QWORD OldAddress;
    QWORD NewAddress;
    DWORD NewSecDescHash;
    BYTE OldSecDesc[1024];
    DWORD OldSecDescSize;
    BYTE NewSecDesc[1024];
    DWORD NewSecDescSize;
} INTRO_SEC_DESC_INFO;

/** introEventIntegrityViolation: memory that was found changed on the timer. Nobody knows who did it: CpuContext is not valid. */
typedef struct _EVENT_INTEGRITY_VIOLATION {
    INTRO_VIOLATION_HEADER Header;
    struct {
        INTRO_MODULE Module;
        INTRO_PROCESS Process;
    } Originator;
    struct {
        INTRO_MODULE Module;
    } Return;
    struct {
        INTRO_OBJECT_TYPE Type;
        WCHAR Name[ALERT_PATH_MAX_LEN];
        union {
            INTRO_PROCESS Process;
            INTRO_DRVOBJ DriverObject;
            BYTE IdtEntry; /* number of the gate, Type introObjectTypeIdt */
        } u;
    } Victim;
    union {
        INTRO_WRITE_INFO WriteInfo;
        INTRO_SEC_DESC_INFO SecDescWriteInfo;
    } u;
    QWORD BaseAddress;    /* of the object */
    QWORD VirtualAddress; /* of the first byte that changed */
    DWORD Size;           /* bytes of the object */
} EVENT_INTEGRITY_VIOLATION;

/** introEventCrViolation: a control register written. */
typedef struct _EVENT_CR_VIOLATION {
    INTRO_VIOLATION_HEADER Header;
    struct {
        INTRO_MODULE Module;
        INTRO_MODULE ReturnModule;
    } Originator;
    struct {
        DWORD Cr;
    } Victim;
    INTRO_WRITE_INFO WriteInfo;
    INTRO_CODEBLOCKS CodeBlocks;
    INTRO_EXEC_CONTEXT ExecContext;
} EVENT_CR_VIOLATION;

/** introEventMsrViolation: a model-specific register written. */
typedef struct _EVENT_MSR_VIOLATION {
    INTRO_VIOLATION_HEADER Header;
    struct {
        INTRO_MODULE Module;
        INTRO_MODULE ReturnModule;
    } Originator;
    struct {
        DWORD Msr;
    } Victim;
    INTRO_WRITE_INFO WriteInfo;
    INTRO_CODEBLOCKS CodeBlocks;
    INTRO_EXEC_CONTEXT ExecContext;
} EVENT_MSR_VIOLATION;

/** introEventDtrViolation: IDTR or GDTR loaded. The values are base, then limit, 8 bytes each; Size is 10 (6 outside long
 *  mode). */
typedef struct _EVENT_DTR_VIOLATION {
    INTRO_VIOLATION_HEADER Header;
    struct {
        INTRO_MODULE Module;
        INTRO_MODULE ReturnModule;
    } Originator;
    struct {
        INTRO_OBJECT_TYPE Type; /* introObjectTypeIdtr or introObjectTypeGdtr */
    } Victim;
    INTRO_WRITE_INFO WriteInfo;
    INTRO_CODEBLOCKS CodeBlocks;
    INTRO_EXEC_CONTEXT ExecContext;
} EVENT_DTR_VIOLATION;

/** Context of NotifyIntrospectionErrorState. */
typedef struct _INTRO_ERROR_CONTEXT {
    struct {
        INTRO_PROCESS Process;
        DWORD Count;
    } ProcessProtection;
} INTRO_ERROR_CONTEXT, *PINTRO_ERROR_CONTEXT;

/** Head of a scan request and of its answer. */
typedef struct _ENG_NOTIFICATION_HEADER {
    INTRO_ACTION RequestedAction;
    INTRO_ENG_NOTIF_TYPE Type;
    INTRO_GUEST_TYPE OsType;
    CHAR DetectionName[128];
    CHAR EnginesVersion[32];
} ENG_NOTIFICATION_HEADER, *PENG_NOTIFICATION_HEADER;

/* ---- services of the process: UPPER_IFACE ------------------------------------------------------------------------ */

typedef INTSTATUS (*PFUNC_IntTracePrint)(const CHAR *File, DWORD Line, const CHAR *Format, ...);
typedef INTSTATUS (*PFUNC_HpAllocWithTagAndInfo)(void **Address, size_t Size, DWORD Tag);
typedef INTSTATUS (*PFUNC_HpFreeWithTagAndInfo)(void **Address, DWORD Tag);
typedef INTSTATUS (*PFUNC_IntSpinLockInit)(void **SpinLock, PCHAR Name);
typedef INTSTATUS (*PFUNC_IntSpinLockUnInit)(void **SpinLock);
typedef INTSTATUS (*PFUNC_IntSpinLockAcquire)(void *SpinLock);
typedef INTSTATUS (*PFUNC_IntSpinLockRelease)(void *SpinLock);
typedef INTSTATUS (*PFUNC_IntRwSpinLockInit)(void **SpinLock, PCHAR Name);
typedef INTSTATUS (*PFUNC_IntRwSpinLockUnInit)(void **SpinLock);
typedef INTSTATUS (*PFUNC_IntRwSpinLockAcquireShared)(void *SpinLock);
typedef INTSTATUS (*PFUNC_IntRwSpinLockAcquireExclusive)(void *SpinLock);
typedef INTSTATUS (*PFUNC_IntRwSpinLockReleaseShared)(void *SpinLock);
typedef INTSTATUS (*PFUNC_IntRwSpinLockReleaseExclusive)(void *SpinLock);
typedef INTSTATUS (*PFUNC_IntQueryHeapSize)(size_t *TotalHeapSize, size_t *FreeHeapSize);
typedef void (*PFUNC_IntBugCheck)(void);
typedef void (*PFUNC_IntEnterDebugger)(void);

#define UPPER_IFACE_VERSION_1 0x00010074u
#define UPPER_IFACE_VERSION_1_SIZE 144u

/** What the process gives the engine. Only TracePrint is needed, and is the only one called: the engine brings its own memory
 *  and locks, so that the others may be null. TracePrint may be called from any thread that called into the engine. */
typedef struct _UPPER_IFACE {
    DWORD Version; /* UPPER_IFACE_VERSION_1 */
    DWORD Size;    /* UPPER_IFACE_VERSION_1_SIZE */
    QWORD Reserved;
    PFUNC_IntTracePrint TracePrint;
    PFUNC_HpAllocWithTagAndInfo MemAllocWithTagAndInfo;
    PFUNC_HpFreeWithTagAndInfo MemFreeWithTagAndInfo;
    PFUNC_IntSpinLockInit SpinLockInit;
    PFUNC_IntSpinLockUnInit SpinLockUnInit;
    PFUNC_IntSpinLockAcquire SpinLockAcquire;
    PFUNC_IntSpinLockRelease SpinLockRelease;
    PFUNC_IntRwSpinLockInit RwSpinLockInit;
    PFUNC_IntRwSpinLockUnInit RwSpinLockUnInit;
    PFUNC_IntRwSpinLockAcquireShared RwSpinLockAcquireShared;
    PFUNC_IntRwSpinLockAcquireExclusive RwSpinLockAcquireExclusive;
    PFUNC_IntRwSpinLockReleaseShared RwSpinLockReleaseShared;
    PFUNC_IntRwSpinLockReleaseExclusive RwSpinLockReleaseExclusive;
    PFUNC_IntQueryHeapSize QueryHeapSize;
    PFUNC_IntBugCheck BugCheck;
    PFUNC_IntEnterDebugger EnterDebugger;
} UPPER_IFACE, *PUPPER_IFACE;

/* ---- the boundary: GLUE_IFACE ------------------------------------------------------------------------------------ */

/** Handlers: what the engine registers, and the glue calls, for each kind of exit. See the exports of the same meaning. */
typedef INTSTATUS (*PFUNC_IntEPTViolationCallback)(void *GuestHandle, QWORD PhysicalAddress, DWORD Length,
    QWORD VirtualAddress, DWORD CpuNumber, INTRO_ACTION *Action, IG_EPT_ACCESS Type);
typedef INTSTATUS (*PFUNC_IntMSRViolationCallback)(void *GuestHandle, DWORD Msr, IG_MSR_HOOK_TYPE Flags,
    INTRO_ACTION *Action, QWORD OriginalValue, QWORD *NewValue, DWORD CpuNumber);
typedef INTSTATUS (*PFUNC_IntIntroCallCallback)(void *GuestHandle, QWORD Rip, DWORD Cpu);
typedef INTSTATUS (*PFUNC_IntIntroTimerCallback)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntIntroDescriptorTableCallback)(void *GuestHandle, DWORD Flags, DWORD CpuNumber,
    INTRO_ACTION *Action);
typedef INTSTATUS (*PFUNC_IntCrWriteCallback)(void *GuestHandle, DWORD Cr, DWORD CpuNumber, QWORD OldValue, QWORD NewValue,
    INTRO_ACTION *Action);
typedef INTSTATUS (*PFUNC_IntXcrWriteCallback)(void *GuestHandle, DWORD CpuNumber, INTRO_ACTION *Action);
typedef INTSTATUS (*PFUNC_IntBreakpointCallback)(void *GuestHandle, QWORD PhysicalAddress, DWORD CpuNumber);
typedef INTSTATUS (*PFUNC_IntEventInjectionCallback)(void *GuestHandle, DWORD Vector, QWORD ErrorCode, QWORD Cr2,
    DWORD CpuNumber);
typedef INTSTATUS (*PFUNC_IntEventEnginesResultCallback)(void *GuestHandle, PENG_NOTIFICATION_HEADER EngineNotification);
typedef INTSTATUS (*PFUNC_VirtualAddressSpaceCallback)(QWORD Cr3, QWORD VirtualAddress, QWORD Entry, QWORD PageSize);

/** Members of GLUE_IFACE, engine to hypervisor. GuestHandle is the value given to NewGuestNotification. */
typedef INTSTATUS (*PFUNC_IntQueryGuestInfo)(void *GuestHandle, DWORD InfoClass, void *InfoParam, void *Buffer,
    DWORD BufferLength);
typedef INTSTATUS (*PFUNC_IntGpaToHpa)(void *GuestHandle, QWORD Gpa, QWORD *Hpa);
typedef INTSTATUS (*PFUNC_IntPhysMemMapToHost)(void *GuestHandle, QWORD PhysAddress, DWORD Length, DWORD Flags,
    void **HostPtr);
typedef INTSTATUS (*PFUNC_IntPhysMemUnmap)(void *GuestHandle, void **HostPtr);
typedef INTSTATUS (*PFUNC_IntGetPhysicalPageTypeFromMtrrs)(void *GuestHandle, QWORD Gpa, IG_MEMTYPE *MemType);
typedef INTSTATUS (*PFUNC_IntGetEPTPageProtection)(void *GuestHandle, DWORD EptIndex, QWORD Address, BYTE *Read,
    BYTE *Write, BYTE *Execute);
typedef INTSTATUS (*PFUNC_IntSetEPTPageProtection)(void *GuestHandle, DWORD EptIndex, QWORD Address, BYTE Read, BYTE Write,
    BYTE Execute);
typedef INTSTATUS (*PFUNC_IntGetSPPPageProtection)(void *GuestHandle, QWORD Address, QWORD *SppValue);
typedef INTSTATUS (*PFUNC_IntSetSPPPageProtection)(void *GuestHandle, QWORD Address, QWORD SppValue);
typedef INTSTATUS (*PFUNC_IntRegisterEPTHandler)(void *GuestHandle, PFUNC_IntEPTViolationCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterEPTHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntEnableMsrExit)(void *GuestHandle, DWORD Msr, BOOLEAN *OldValue);
typedef INTSTATUS (*PFUNC_IntDisableMsrExit)(void *GuestHandle, DWORD Msr, BOOLEAN *OldValue);
typedef INTSTATUS (*PFUNC_IntRegisterMSRHandler)(void *GuestHandle, PFUNC_IntMSRViolationCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterMSRHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntRequestVcpusPause)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntRequestVcpusResume)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntRegisterIntroCallHandler)(void *GuestHandle, PFUNC_IntIntroCallCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterIntroCallHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntRegisterVmxTimerHandler)(void *GuestHandle, PFUNC_IntIntroTimerCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterVmxTimerHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntRegisterDescriptorTableHandler)(void *GuestHandle,
    PFUNC_IntIntroDescriptorTableCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterDescriptorTableHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntEnableCrWriteExit)(void *GuestHandle, DWORD Cr);
typedef INTSTATUS (*PFUNC_IntDisableCrWriteExit)(void *GuestHandle, DWORD Cr);
typedef INTSTATUS (*PFUNC_IntRegisterCrWriteHandler)(void *GuestHandle, PFUNC_IntCrWriteCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterCrWriteHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntRegisterXcrWriteHandler)(void *GuestHandle, PFUNC_IntXcrWriteCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterXcrWriteHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntRegisterBreakpointHandler)(void *GuestHandle, PFUNC_IntBreakpointCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterBreakpointHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntRegisterEventInjectionHandler)(void *GuestHandle, PFUNC_IntEventInjectionCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterEventInjectionHandler)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntInjectTrap)(void *GuestHandle, DWORD CpuNumber, BYTE TrapNumber, DWORD ErrorCode, QWORD Cr2);
typedef INTSTATUS (*PFUNC_IntSetIntroEmulatorContext)(void *GuestHandle, DWORD CpuNumber, QWORD VirtualAddress,
    DWORD BufferSize, PBYTE Buffer);
typedef INTSTATUS (*PFUNC_IntReserveVaSpaceWithPt)(void *GuestHandle, void **FirstPageBase, DWORD *PagesCount,
    void **PtBase);
typedef INTSTATUS (*PFUNC_IntNotifyIntrospectionActivated)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntNotifyIntrospectionDeactivated)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntNotifyIntrospectionDetectedOs)(void *GuestHandle, PGUEST_INFO GuestInfo);
typedef INTSTATUS (*PFUNC_IntNotifyIntrospectionErrorState)(void *GuestHandle, INTRO_ERROR_STATE Error,
    PINTRO_ERROR_CONTEXT Context);
typedef INTSTATUS (*PFUNC_IntNotifyIntroAlert)(void *GuestHandle, DWORD EventClass, void *Parameters, size_t EventSize);
typedef INTSTATUS (*PFUNC_IntNotifyEngines)(void *GuestHandle, void *Parameters);
typedef INTSTATUS (*PFUNC_IntGetAgentContent)(void *GuestHandle, DWORD AgentTag, BOOLEAN Is64, DWORD *Size, PBYTE *Content);
typedef INTSTATUS (*PFUNC_IntReleaseBuffer)(void *GuestHandle, void *Buffer, DWORD Size);
typedef INTSTATUS (*PFUNC_IntToggleRepOptimization)(void *GuestHandle, BOOLEAN Enable);
typedef INTSTATUS (*PFUNC_IntSetVeInfoPage)(void *GuestHandle, DWORD CpuNumber, QWORD VeInfoGpa);
typedef INTSTATUS (*PFUNC_IntCreateEPT)(void *GuestHandle, DWORD *EptIndex);
typedef INTSTATUS (*PFUNC_IntDestroyEPT)(void *GuestHandle, DWORD EptIndex);
typedef INTSTATUS (*PFUNC_IntSwitchEPT)(void *GuestHandle, DWORD NewEptIndex);
typedef INTSTATUS (*PFUNC_IntGetEPTPageConvertible)(void *GuestHandle, DWORD EptIndex, QWORD Address, BOOLEAN *Convertible);
typedef INTSTATUS (*PFUNC_IntSetEPTPageConvertible)(void *GuestHandle, DWORD EptIndex, QWORD Address, BOOLEAN Convertible);
typedef INTSTATUS (*PFUNC_IntRegisterEnginesResultCallback)(void *GuestHandle,
    PFUNC_IntEventEnginesResultCallback Callback);
typedef INTSTATUS (*PFUNC_IntUnregisterEnginesResultCalback)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntFlushEPTPermissions)(void *GuestHandle);

/** Members of GLUE_IFACE, hypervisor to engine. */
typedef INTSTATUS (*PFUNC_IntNotifyNewGuest)(void *GuestHandle, QWORD Options, PBYTE UpdateBuffer, DWORD BufferLength);
/** Lets a guest go: rights are given back, handlers unregistered, reads and injections that are pending cancelled. Flags: 0 or
 *  IG_DISABLE_IGNORE_SAFENESS. CANNOT_UNLOAD: an exit is still being handled, or (without the flag) something of the engine is in use
 *  in the guest; nothing is guarded any more, call again. NOT_NEEDED_HINT: no such guest, or not active. Any thread. A handler may let
 *  the guest go by itself: it then returns INT_STATUS_FATAL_ERROR, or INT_STATUS_UNINIT_BUGCHECK when the guest was crashing. */
typedef INTSTATUS (*PFUNC_IntDisableIntro)(void *GuestHandle, QWORD Flags);
/** Tells that the guest's power state changes. Never blocks: the guest is guarded in every state. Asleep, the timer does nothing and
 *  options do not change; shutting down, nothing is injected any more, and only IntGuestReset leads back. NOT_NEEDED_HINT: it is in
 *  that state, or there is no way to it. INVALID_PARAMETER_1 / _2: null, no such state. NOT_INITIALIZED: not active. Any thread. */
typedef INTSTATUS (*PFUNC_IntNotifyGuestPowerStateChange)(void *GuestHandle, IG_GUEST_POWER_STATE PowerState);
/** A debugger's command, as 1 to 8 words, about a vCPU that is in no exit: "!curproc"; "!regs" (code and registers into the log);
 *  "!testcrhookset" and the number of a control register (its writes into the log); "!testcrhookremove". NOT_FOUND: no such command.
 *  INVALID_PARAMETER_1..4: null, no such vCPU, number of words, words. BUSY: the vCPU is in an exit, or another change is under way.
 *  NOT_SUPPORTED: nothing is known of it. */
typedef INTSTATUS (*PFUNC_IntDebugProcessCommand)(void *GuestHandle, DWORD CpuNumber, DWORD Argc, CHAR **Argv);
typedef INTSTATUS (*PFUNC_IntUpdateExceptions)(void *GuestHandle, PBYTE Buffer, DWORD Length, DWORD Flags);
typedef INTSTATUS (*PFUNC_IntGetExceptionsVersion)(void *GuestHandle, WORD *Major, WORD *Minor, DWORD *BuildNumber);
/** The guest's operating system: Type introGuestLinux, BuildNumber and OsVersion the version as 8, 8 and 16 bits (6.1.192 is
 *  0x060100C0), StartupTime all ones. NOT_INITIALIZED: no active guest, or its system is not known, or not yet. Any thread. */
typedef INTSTATUS (*PFUNC_IntGetGuestInfo)(void *GuestHandle, PGUEST_INFO GuestInfo);
typedef INTSTATUS (*PFUNC_IntInjectProcessAgent)(void *GuestHandle, DWORD AgentTag, PBYTE AgentContent, DWORD AgentSize,
    const CHAR *Name, const CHAR *Args);
typedef INTSTATUS (*PFUNC_IntInjectFileAgent)(void *GuestHandle, PBYTE FileContent, DWORD FileSize, const CHAR *Name);
typedef INTSTATUS (*PFUNC_IntSetIntroAbortStatus)(void *GuestHandle, BOOLEAN Abort);
typedef INTSTATUS (*PFUNC_IntAddExceptionFromAlert)(void *GuestHandle, const void *Event, INTRO_EVENT_TYPE Type,
    BOOLEAN Exception, QWORD Context);
typedef INTSTATUS (*PFUNC_IntRemoveException)(void *GuestHandle, QWORD Context);
typedef INTSTATUS (*PFUNC_IntFlushAlertExceptions)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntAddRemoveProtectedProcessUtf16)(void *GuestHandle, const WCHAR *FullPath, DWORD ProtectionMask,
    BOOLEAN Add, QWORD Context);
typedef INTSTATUS (*PFUNC_IntAddRemoveProtectedProcessUtf8)(void *GuestHandle, const CHAR *FullPath, DWORD ProtectionMask,
    BOOLEAN Add, QWORD Context);
typedef INTSTATUS (*PFUNC_IntRemoveAllProtectedProcesses)(void *GuestHandle);
/** Bytes, 1 to 15, of the instruction at RIP of a vCPU, for a hypervisor that is to skip it. CpuNumber is a number, not
 *  IG_CURRENT_VCPU. Any thread, while the vCPU stands still and is in no exit: INT_STATUS_BUSY otherwise. Registers in its record
 *  (PushedMask) count as in an exit; the others are asked for. Statuses: INT_STATUS_INVALID_PARAMETER_2 no such vCPU,
 *  INT_STATUS_NOT_INITIALIZED, INT_STATUS_PAGE_NOT_PRESENT, INT_STATUS_NO_MAPPING_STRUCTURES, INT_STATUS_DISASM_ERROR; nothing is
 *  written then. */
typedef INTSTATUS (*PFUNC_IntGetCurrentInstructionLength)(void *GuestHandle, DWORD CpuNumber, BYTE *Length);
/** The same for its name: lower case, ended by a NUL, in a buffer of 32 bytes of the caller. */
typedef INTSTATUS (*PFUNC_IntGetCurrentInstructionMnemonic)(void *GuestHandle, DWORD CpuNumber, CHAR *Mnemonic);
typedef INTSTATUS (*PFUNC_IntIterateVaSpace)(void *GuestHandle, QWORD Cr3, PFUNC_VirtualAddressSpaceCallback Callback);
/** Other options for an active guest, in place of those before: what is named is guarded from now on, what is not is no more; for exits all
 *  of it changes at once. Unknown options as in NewGuestNotification. Any thread, also from a callback. INVALID_PARAMETER_1: null;
 *  NOT_INITIALIZED: not active; NOT_NEEDED_HINT: it is being let go; POWER_STATE_BLOCK: it is asleep; BUSY: another change is under
 *  way. */
typedef INTSTATUS (*PFUNC_IntModifyDynamicOptions)(void *GuestHandle, QWORD NewDynamicOptions);
typedef INTSTATUS (*PFUNC_IntFlushGpaCache)(void *GuestHandle);
typedef INTSTATUS (*PFUNC_IntGetCurrentIntroOptions)(void *GuestHandle, QWORD *IntroOptions);
typedef INTSTATUS (*PFUNC_IntUpdateSupport)(void *GuestHandle, PBYTE Buffer, DWORD Length);
typedef INTSTATUS (*PFUNC_IntGetSupportVersion)(void *GuestHandle, DWORD *MajorVersion, DWORD *MinorVersion,
    DWORD *BuildNumber);
typedef INTSTATUS (*PFUNC_IntSetLogLevel)(void *GuestHandle, IG_LOG_LEVEL LogLevel);
typedef INTSTATUS (*PFUNC_IntGetVersionString)(DWORD FullStringSize, DWORD VersionStringSize, CHAR *FullString,
    CHAR *VersionString);

#define GLUE_IFACE_VERSION_1 0x00010111u
#define GLUE_IFACE_VERSION_1_SIZE 712u

/**
 * The boundary of hypervisor and engine. The glue fills the first half; IntInit fills the second.
 *
 * Needed: QueryGuestInfo and NotifyIntrospectionAlert; PhysMemMapToHost together with PhysMemUnmap, unless all guest memory
 * is declared. Everything else may be null and then switches off what needs it, which the log says: without
 * RegisterEPTHandler, UnregisterEPTHandler and SetEPTPageProtection no memory can be guarded.
 *
 * QueryGuestInfo must answer CPU_COUNT, CURRENT_TID, REGISTER_STATE, and READ_MSR of IA32_EFER. CS_TYPE, CS_RING and
 * REGISTER_STATE_GPRS are asked in an exit for what the glue has not pushed into the record.
 *
 * A pointer of PhysMemMapToHost stays valid until PhysMemUnmap, which may come much later: the engine keeps mappings (up to
 * 512 pages a guest; see IntFlushGuestMemory) and gives all back before DisableIntro, or IntGuestReset, returns success. It
 * asks for whole pages, which must be writable if it is to perform stores. A page that is not there any more when the engine
 * touches it (SIGSEGV, SIGBUS) ends in a status, and its mapping is given back.
 *
 * The engine holds no lock while it calls one of these functions. Of its own functions a callback may call any but the
 * handlers of the same vCPU, which answer INT_STATUS_BUSY, and DisableIntro, which answers INT_STATUS_CANNOT_UNLOAD.
 */
typedef struct _GLUE_IFACE {
    DWORD Version; /* GLUE_IFACE_VERSION_1 */
    DWORD Size;    /* GLUE_IFACE_VERSION_1_SIZE */
    QWORD Reserved;

    /* Engine to hypervisor: filled by the glue. */
    PFUNC_IntQueryGuestInfo QueryGuestInfo;
    PFUNC_IntGpaToHpa GpaToHpa;
    PFUNC_IntPhysMemMapToHost PhysMemMapToHost;
    PFUNC_IntPhysMemUnmap PhysMemUnmap;
    PFUNC_IntGetPhysicalPageTypeFromMtrrs PhysMemGetTypeFromMtrrs;
    PFUNC_IntGetEPTPageProtection GetEPTPageProtection;
    PFUNC_IntSetEPTPageProtection SetEPTPageProtection;
    PFUNC_IntGetSPPPageProtection GetSPPPageProtection;
    PFUNC_IntSetSPPPageProtection SetSPPPageProtection;
    PFUNC_IntRegisterEPTHandler RegisterEPTHandler;
    PFUNC_IntUnregisterEPTHandler UnregisterEPTHandler;
    PFUNC_IntEnableMsrExit EnableMSRExit;
    PFUNC_IntDisableMsrExit DisableMSRExit;
    PFUNC_IntRegisterMSRHandler RegisterMSRHandler;
    PFUNC_IntUnregisterMSRHandler UnregisterMSRHandler;
    PFUNC_IntRequestVcpusPause PauseVcpus;
    PFUNC_IntRequestVcpusResume ResumeVcpus;
    PFUNC_IntRegisterIntroCallHandler RegisterIntroCallHandler;
    PFUNC_IntUnregisterIntroCallHandler UnregisterIntroCallHandler;
    PFUNC_IntRegisterVmxTimerHandler RegisterIntroTimerHandler;
    PFUNC_IntUnregisterVmxTimerHandler UnregisterIntroTimerHandler;
    PFUNC_IntRegisterDescriptorTableHandler RegisterDtrHandler;
    PFUNC_IntUnregisterDescriptorTableHandler UnregisterDtrHandler;
    PFUNC_IntEnableCrWriteExit EnableCrWriteExit;
    PFUNC_IntDisableCrWriteExit DisableCrWriteExit;
    PFUNC_IntRegisterCrWriteHandler RegisterCrWriteHandler;
    PFUNC_IntUnregisterCrWriteHandler UnregisterCrWriteHandler;
    PFUNC_IntRegisterXcrWriteHandler RegisterXcrWriteHandler;
    PFUNC_IntUnregisterXcrWriteHandler UnregisterXcrWriteHandler;
    PFUNC_IntRegisterBreakpointHandler RegisterBreakpointHandler;
    PFUNC_IntUnregisterBreakpointHandler UnregisterBreakpointHandler;
    PFUNC_IntRegisterEventInjectionHandler RegisterEventInjectionHandler;
    PFUNC_IntUnregisterEventInjectionHandler UnregisterEventInjectionHandler;
    PFUNC_IntInjectTrap InjectTrap;
    PFUNC_IntSetIntroEmulatorContext SetIntroEmulatorContext;
    PFUNC_IntReserveVaSpaceWithPt ReserveVaSpaceWithPt;
    PFUNC_IntNotifyIntrospectionActivated NotifyIntrospectionActivated;
    PFUNC_IntNotifyIntrospectionDeactivated NotifyIntrospectionDeactivated;
    PFUNC_IntNotifyIntrospectionDetectedOs NotifyIntrospectionDetectedOs;
    void *_I_H_Reserved1;
    PFUNC_IntNotifyIntrospectionErrorState NotifyIntrospectionErrorState;
    PFUNC_IntNotifyIntroAlert NotifyIntrospectionAlert;
    PFUNC_IntNotifyEngines NotifyScanEngines;
    PFUNC_IntGetAgentContent GetAgentContent;
    PFUNC_IntReleaseBuffer ReleaseBuffer;
    PFUNC_IntToggleRepOptimization ToggleRepOptimization;
    PFUNC_IntSetVeInfoPage SetVeInfoPage;
    PFUNC_IntCreateEPT CreateEPT;
    PFUNC_IntDestroyEPT DestroyEPT;
    PFUNC_IntSwitchEPT SwitchEPT;
    PFUNC_IntGetEPTPageConvertible GetEPTPageConvertible;
    PFUNC_IntSetEPTPageConvertible SetEPTPageConvertible;
    PFUNC_IntRegisterEnginesResultCallback RegisterEnginesResultCallback;
    PFUNC_IntUnregisterEnginesResultCalback UnregisterEnginesResultCalback;
    PFUNC_IntFlushEPTPermissions FlushEPTPermissions;
    void *_I_H_Reserved2;
    void *_I_H_Reserved3;

    /* Hypervisor to engine: filled by IntInit. What this version has not built answers
       INT_STATUS_OPERATION_NOT_IMPLEMENTED. */
    PFUNC_IntNotifyNewGuest NewGuestNotification;
    PFUNC_IntDisableIntro DisableIntro;
    PFUNC_IntNotifyGuestPowerStateChange NotifyGuestPowerStateChange;
    PFUNC_IntDebugProcessCommand DebugProcessCommand;
    void *_H_I_Reserved1;
    PFUNC_IntUpdateExceptions UpdateExceptions;
    PFUNC_IntGetExceptionsVersion GetExceptionsVersion;
    PFUNC_IntGetGuestInfo GetGuestInfo;
    PFUNC_IntInjectProcessAgent InjectProcessAgent;
    PFUNC_IntInjectFileAgent InjectFileAgent;
    PFUNC_IntSetIntroAbortStatus SetIntroAbortStatus;
    PFUNC_IntAddExceptionFromAlert AddExceptionFromAlert;
    PFUNC_IntRemoveException RemoveException;
    PFUNC_IntFlushAlertExceptions FlushAlertExceptions;
    PFUNC_IntAddRemoveProtectedProcessUtf16 AddRemoveProtectedProcessUtf16;
    PFUNC_IntAddRemoveProtectedProcessUtf8 AddRemoveProtectedProcessUtf8;
    PFUNC_IntRemoveAllProtectedProcesses RemoveAllProtectedProcesses;
    PFUNC_IntGetCurrentInstructionLength GetCurrentInstructionLength;
    PFUNC_IntGetCurrentInstructionMnemonic GetCurrentInstructionMnemonic;
    PFUNC_IntIterateVaSpace IterateVirtualAddressSpace;
    PFUNC_IntModifyDynamicOptions ModifyDynamicOptions;
    PFUNC_IntFlushGpaCache FlushGpaCache;
    PFUNC_IntGetCurrentIntroOptions GetCurrentIntroOptions;
    PFUNC_IntUpdateSupport UpdateSupport;
    PFUNC_IntGetSupportVersion GetSupportVersion;
    PFUNC_IntSetLogLevel SetLogLevel;
    PFUNC_IntGetVersionString GetVersionString;
    void *_H_I_Reserved2;
    void *_H_I_Reserved3;
    void *_H_I_Reserved4;
} GLUE_IFACE, *PGLUE_IFACE;

/* ---- exports ---------------------------------------------------------------------------------------------------- */

#if defined(_WIN32)
#define INTROCORE_API __declspec(dllimport)
#else
#define INTROCORE_API
#endif

/** Brings the engine to its initial state. Call it before IntInit; between IntInit and IntUninit it does nothing. */
INTROCORE_API void IntPreinit(void);

/**
 * Checks and copies both tables and fills the second half of *GlueInterface. Warms up everything that an exit will use.
 * INT_STATUS_INVALID_PARAMETER_1 / _2: a table is null, or lacks a member that is needed (named in the log where there is
 * a TracePrint). INT_STATUS_NOT_SUPPORTED: Version or Size is another. ALREADY_INITIALIZED_HINT: nothing was done. On any
 * error the tables are as they were.
 */
INTROCORE_API INTSTATUS IntInit(GLUE_IFACE *GlueInterface, UPPER_IFACE *UpperInterface);

/** Disables every guest, safeness ignored, forgets all declared memory and both tables. Afterwards IntInit may be called
 *  again. NOT_NEEDED_HINT: not initialised. INT_STATUS_CANNOT_UNLOAD: an exit is still being handled; the guests are not
 *  protected any more, and the rights of the one that is busy are given back when it is called again. DisableIntro likewise. */
INTROCORE_API INTSTATUS IntUninit(void);

/** Tells whether an integrator of the given interface version can work with this library, and which version of the interface
 *  it implements (1.133.0). Output pointers may be null. Reserved is ignored. */
INTROCORE_API BOOLEAN IntCheckCompatibility(DWORD IntegratorMajor, DWORD IntegratorMinor, DWORD IntegratorRevision,
                                            DWORD IntegratorBuild, DWORD *IntroMajor, DWORD *IntroMinor,
                                            DWORD *IntroRevision, DWORD *IntroBuild, DWORD Reserved);

/**
 * Common to the handlers: to be called on the thread that runs the vCPU, which stays out of the guest meanwhile.
 *   INT_STATUS_INVALID_PARAMETER_n   the handle is null (1), or a pointer or the vCPU number is bad; nothing was done. The
 *                                    numbers are the reference's: vCPU 5 and Action 7 (memory), 7 and 4 (MSR; NewValue 6), 3 and 6
 *                                    (CR), 3 and 4 (XCR, tables), 3 (breakpoint, hypercall), 5 (injection)
 *   INT_STATUS_NOT_INITIALIZED_HINT  no such guest, or not any more: *Action is Allowed
 *   INT_STATUS_BUSY                  another thread is in a handler of this vCPU: *Action is Retry
 *   INT_STATUS_NOT_FOUND             control, model-specific and extended control registers: nothing is hooked there, *Action is
 *                                    Allowed; breakpoint, hypercall: not ours. Memory and descriptor tables answer SUCCESS.
 *   INT_STATUS_INVALID_INTERNAL_STATE  a fault inside the engine, logged; *Action is by the fail policy
 */

/** A guest access to memory whose rights were withdrawn by SetEPTPageProtection. Length is ignored. */
INTROCORE_API INTSTATUS IntHandleEptViolation(void *GuestHandle, QWORD PhysicalAddress, DWORD Length,
                                              QWORD VirtualAddress, DWORD CpuNumber, INTRO_ACTION *Action,
                                              IG_EPT_ACCESS Type);

/** RDMSR or WRMSR of a register enabled by EnableMSRExit. */
INTROCORE_API INTSTATUS IntHandleMsrViolation(void *GuestHandle, DWORD Msr, IG_MSR_HOOK_TYPE Flags,
                                              INTRO_ACTION *Action, QWORD OriginalValue, QWORD *NewValue,
                                              DWORD CpuNumber);

/** MOV to a control register enabled by EnableCrWriteExit. */
INTROCORE_API INTSTATUS IntHandleCrWrite(void *GuestHandle, DWORD Cr, DWORD CpuNumber, QWORD OldValue, QWORD NewValue,
                                         INTRO_ACTION *Action);

/** XSETBV. */
INTROCORE_API INTSTATUS IntHandleXcrWrite(void *GuestHandle, DWORD CpuNumber, INTRO_ACTION *Action);

/** SIDT, LIDT, SGDT, LGDT, SLDT, LLDT, STR or LTR. Flags: IG_DESC_ACCESS. *Action is Retry when another instruction is at RIP by
 *  now, or none can be read. */
INTROCORE_API INTSTATUS IntHandleDtrViolation(void *GuestHandle, DWORD Flags, DWORD CpuNumber, INTRO_ACTION *Action);

/** INT3. Success: handled. NOT_FOUND: reflect it to the guest. */
INTROCORE_API INTSTATUS IntHandleBreakpoint(void *GuestHandle, QWORD PhysicalAddress, DWORD CpuNumber);

/** An event that was really delivered to the vCPU after InjectTrap: the one that was asked for, or another in its place, which makes
 *  the engine ask again where it still matters. A glue that tells nothing leaves RegisterEventInjectionHandler null. */
INTROCORE_API INTSTATUS IntHandleEventInjection(void *GuestHandle, DWORD Vector, QWORD ErrorCode, QWORD Cr2,
                                                DWORD CpuNumber);

/** VMCALL. NOT_FOUND: not for the engine. */
INTROCORE_API INTSTATUS IntHandleIntroCall(void *GuestHandle, QWORD Rip, DWORD CpuNumber);

/** Once a second (IG_TIMER_FREQUENCY), on any one thread. */
INTROCORE_API INTSTATUS IntHandleTimer(void *GuestHandle);

/* ---- additions -------------------------------------------------------------------------------------------------- */

/** Who completes a store that the engine allows.
 *  With introCompletionRefetch the engine performs an allowed store to a frame with hooks itself where it can: it writes guest
 *  memory, changes registers (INTRO_GUEST_APPLIES_DIRTY_MASK, else SET_REGISTERS), RIP included, and answers
 *  introGuestAllowedVirtual; the glue ends what the instruction ends by itself (the shadow of STI and MOV SS). What it does not
 *  emulate (INS, far calls, shadow stacks, ...), or what would fault, or has to mark paging entries as accessed or
 *  dirty, is answered introGuestAllowed. Of an instruction that repeats, as many iterations are performed as fit; RIP then stays,
 *  and the rest exits again. introGuestNotAllowed about a later iteration comes with DirtyMask set by those before it. */
typedef enum _INTRO_COMPLETION {
    introCompletionRefetch = 0, /* the hypervisor executes or emulates the instruction again, from guest memory */
    introCompletionData = 1     /* the exit carries the bytes (VCPU_EXIT_DATA); exactly these are written, or nothing */
} INTRO_COMPLETION;

/** Flags of INTRO_GUEST_CONFIG. */
#define INTRO_GUEST_APPLIES_DIRTY_MASK 1u /* registers are changed through DirtyMask; else through SET_REGISTERS */
#define INTRO_GUEST_NO_PAUSE_IN_EXIT 2u   /* PauseVcpus is not to be called from within an exit handler: it could not end there */
#define INTRO_GUEST_NO_PAGE_TABLES 4u     /* rights of pages that hold page tables are not to be withdrawn: the guest would not survive it */
#define INTRO_GUEST_GUARDED_FAILS_OPEN 8u /* an access to a guarded object that cannot be judged is allowed; else it is not */
#define INTRO_GUEST_OTHERS_FAIL_CLOSED 16u /* any other access that cannot be judged is not allowed; else it is */

/** Facts about a guest's hypervisor. Size is the size of this structure as the caller knows it; members beyond it keep their
 *  defaults (0), and larger sizes are accepted as long as the surplus is zero. */
typedef struct _INTRO_GUEST_CONFIG {
    QWORD Size;
    DWORD StoreCompletion; /* INTRO_COMPLETION */
    DWORD Flags;           /* INTRO_GUEST_ flags */
    QWORD Guards;          /* INTRO_GUARD_ bits, besides the options of NewGuestNotification */
    QWORD PhysicalAddressBits; /* MAXPHYADDR that the guest's processors report, 32 to 52: the bits of paging entries above it are
                                  reserved (SDM 3A, 4.1.4). 0: not known; none of them is checked */
} INTRO_GUEST_CONFIG;

/** Sets the facts about a guest, before NewGuestNotification; they hold until DisableIntro has succeeded. Any thread.
 *  INVALID_PARAMETER_1 / _2: null, or unknown values; INVALID_DATA_SIZE: Size; ALREADY_INITIALIZED: the guest is active;
 *  NOT_INITIALIZED: no IntInit; INSUFFICIENT_RESOURCES: too many guests. */
INTROCORE_API INTSTATUS IntConfigureGuest(void *GuestHandle, const INTRO_GUEST_CONFIG *Config);

/**
 * Declares guest-physical memory that the engine may read directly: [Gpa, Gpa + Size) is at Host. Both ends must be multiples
 * of 4,096. Before or after NewGuestNotification, any thread. The glue guarantees that the memory stays mapped and readable
 * (and writable, if the engine is to perform stores: introCompletionRefetch) until
 * IntRemoveGuestMemory has returned success. Undeclared memory is read through PhysMemMapToHost.
 * INVALID_PARAMETER_1..4; DATA_ALREADY_EXISTS: it overlaps a declared range; INSUFFICIENT_RESOURCES: too many ranges.
 */
INTROCORE_API INTSTATUS IntDeclareGuestMemory(void *GuestHandle, QWORD Gpa, QWORD Size, void *Host);

/** Takes back exactly what one IntDeclareGuestMemory gave. After success the engine does not touch it any more.
 *  INVALID_PARAMETER_1..3: null, unaligned, empty or wrapping. NOT_FOUND: no such range. BUSY: it is out of sight already, but an
 *  exit may still use it; call again. */
INTROCORE_API INTSTATUS IntRemoveGuestMemory(void *GuestHandle, QWORD Gpa, QWORD Size);

/**
 * Lets go of pages that PhysMemMapToHost has mapped: the engine keeps up to 512 mappings a guest, so that a page is not mapped for
 * each read of it. To be called when another page of the host takes the place of a guest's page (ballooning, migration, a memory
 * slot that moves), before the old page is used for something else. [Gpa, Gpa + Size), multiples of 4,096. After success nothing
 * is read or written through a mapping of the range that was made before, and PhysMemUnmap has been called for each. What the
 * engine maps meanwhile, it maps anew. The member FlushGpaCache does the same for the whole guest. Any thread, but not from
 * within a function of the glue that the engine has called on it: that is answered BUSY.
 * INVALID_PARAMETER_1..3: null, unaligned, empty or wrapping; NOT_INITIALIZED: no active guest of that handle; NOT_NEEDED_HINT:
 * nothing of this guest is mapped; BUSY: nothing new is read through those mappings, but an exit may still use one; call again.
 */
INTROCORE_API INTSTATUS IntFlushGuestMemory(void *GuestHandle, QWORD Gpa, QWORD Size);

/** Paging modes of IntTranslateLinear. */
#define INTRO_PAGING_NONE 0u     /* linear addresses are physical */
#define INTRO_PAGING_32BIT 1u    /* 32-bit paging, with 4 MiB pages */
#define INTRO_PAGING_PAE 2u
#define INTRO_PAGING_4LEVEL 3u
#define INTRO_PAGING_5LEVEL 4u

/**
 * Translates a linear address of an active guest by the page tables at Cr3; XD is taken to be switched on. *Gpa is 0 without
 * success. CpuNumber: the vCPU that the calling thread runs, or one that stands still, whose remembered translations may then be
 * used (they count only while the entries that they came from are what they were); an exit of that vCPU that comes meanwhile is
 * answered BUSY. IG_CURRENT_VCPU: none; then any thread may call. It may be called within an exit. The answer is that of the
 * tables as they are now: the processor's TLB may still hold another one.
 * INVALID_PARAMETER_1 / _2 / _5 / _6: null, no such vCPU, unknown PagingMode, null; INVALID_PARAMETER_3: the address is not
 * canonical; PAGE_NOT_PRESENT / NO_MAPPING_STRUCTURES: the page, or an upper level, is absent; CORRUPTED_DATA: an entry has a
 * reserved bit set; ACCESS_VIOLATION: a table lies where there is no memory; NOT_INITIALIZED: no active guest of that handle;
 * BUSY: too many threads without a vCPU are inside; call again.
 */
INTROCORE_API INTSTATUS IntTranslateLinear(void *GuestHandle, DWORD CpuNumber, QWORD Gla, QWORD Cr3, DWORD PagingMode, QWORD *Gpa);

/** Where the VCPU_STATE records of an active guest are: the record of vCPU n is at *Base + n * *Stride, 0 <= n < *Count.
 *  INVALID_PARAMETER_1..4: null; NOT_INITIALIZED: no active guest of that handle. */
INTROCORE_API INTSTATUS IntGetVcpuRecords(void *GuestHandle, void **Base, DWORD *Stride, DWORD *Count);

/** As IntHandleEptViolation, for a store by a device (DMA), which no vCPU executes: Size (1 to 64) bytes at Data. On the
 *  thread of the device, any number at once. An alert about it has the vCPU number 0xFFFFFFFF.
 *  Places: handle 1, Size 3, Data 4, Action 5. */
INTROCORE_API INTSTATUS IntHandleDeviceStore(void *GuestHandle, QWORD PhysicalAddress, DWORD Size, const void *Data,
                                             INTRO_ACTION *Action);

/**
 * Tells that the guest starts over: reset, or restored from a snapshot, or another kernel took over (kexec). Everything that was
 * learned is dropped, all rights are given back, and protection starts again as NewGuestNotification did, with the same options.
 * To be called while the vCPUs do not run, or as soon as the new kernel is up. CANNOT_UNLOAD: an exit is still being handled;
 * call again. NOT_INITIALIZED: no active guest of that handle.
 */
INTROCORE_API INTSTATUS IntGuestReset(void *GuestHandle);

/**
 * Goes on with work that is left to do for a guest: looking for its kernel, about 10 ms of it. For a glue that does not want to wait
 * for the timer, which does a slice a second: to be called some 20 to 50 times a second after NewGuestNotification, and after
 * IntGuestReset, while it answers SUCCESS. Any thread that is in no exit; vCPUs may run or not. NOT_NEEDED_HINT: nothing is left;
 * NOT_INITIALIZED_HINT: no active guest of that handle.
 */
INTROCORE_API INTSTATUS IntContinueWork(void *GuestHandle);

/**
 * Answers a question about a guest as JSON (UTF-8, NUL-terminated, one object; docs/queries.md has the schema). Topics:
 * "capabilities", "protections", "counters", "vcpus", "kernel", "symbols:<name or 0xaddress>", "types:<struct.field>",
 * "tasks", "modules", "maps:<pid>".
 * *Size: in, bytes at Buffer; out, bytes of the answer with its NUL, also when it does not fit, which DATA_BUFFER_TOO_SMALL says
 * (Buffer may then be null, *Size 0). Any thread, at any time; allocates.
 * INVALID_PARAMETER_1..4; NOT_FOUND: no such topic; NOT_INITIALIZED: no active guest of that handle.
 */
INTROCORE_API INTSTATUS IntQueryGuest(void *GuestHandle, const CHAR *Topic, CHAR *Buffer, size_t *Size);

/**
 * The kill switch: from now on every handler answers NOT_INITIALIZED_HINT and Allowed, for every guest, at once; then all
 * guests are let go as DisableIntro does. Any thread, also from a callback of the engine. CANNOT_UNLOAD: an exit is still being
 * handled, rights are not given back yet; call again. Afterwards only IntUninit and IntInit bring the engine back.
 */
INTROCORE_API INTSTATUS IntEmergencyStop(void);

/** Version of the library: major << 16 | minor << 8 | patch. Any thread, at any time. */
INTROCORE_API DWORD IntLibraryVersion(void);

/** Name of a status, such as "INT_STATUS_NOT_FOUND"; "unknown status" for a value that is none. Never null, valid for ever. */
INTROCORE_API const CHAR *IntStatusToString(INTSTATUS Status);

#ifdef __cplusplus
}
#endif

#endif /* INTROCORE_H */
