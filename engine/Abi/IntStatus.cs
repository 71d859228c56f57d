namespace Engine.Abi;

/// <summary>
/// Status of an operation: severity in bits 30-31, bit 29 set, facility in bits 16-28, code in bits 0-15. Zero and the
/// informational values are successes, so that "as a signed number, not negative" is the test (spec/10, section 1).
/// </summary>
/// <remarks>The names are those of the C header without the prefix INT_STATUS_.</remarks>
public enum IntStatus
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>Success: nothing had to be done.</summary>
    NotNeededHint = 0x61000000,

    /// <summary>Success: there is no such guest, or not any more.</summary>
    NotInitializedHint = 0x61000001,

    /// <summary>Success: it was done before.</summary>
    AlreadyInitializedHint = 0x61000002,

    /// <summary><c>INT_STATUS_REINITIALIZED_HINT</c>.</summary>
    ReinitializedHint = 0x61000003,

    /// <summary><c>INT_STATUS_FOUND</c>.</summary>
    Found = 0x61000004,

    /// <summary><c>INT_STATUS_HOOK_ACTIVE</c>.</summary>
    HookActive = 0x62400001,

    /// <summary><c>INT_STATUS_REMOVE_HOOK_ON_RET</c>.</summary>
    RemoveHookOnRet = 0x62400006,

    /// <summary><c>INT_STATUS_SKIP_OTHER_CALLBACKS</c>.</summary>
    SkipOtherCallbacks = 0x62400008,

    /// <summary><c>INT_STATUS_REMOVE_AND_SKIP</c>.</summary>
    RemoveAndSkip = 0x62400009,

    /// <summary><c>INT_STATUS_DISABLE_DETOUR_ON_RET</c>.</summary>
    DisableDetourOnRet = 0x6240000A,

    /// <summary><c>INT_STATUS_PARTIAL_WRITE</c>.</summary>
    PartialWrite = 0x6240000B,

    /// <summary><c>INT_STATUS_FORCE_ACTION_ON_BETA</c>.</summary>
    ForceActionOnBeta = 0x6240000C,

    /// <summary><c>INT_STATUS_BREAK_ITERATION</c>.</summary>
    BreakIteration = 0x6240000E,

    /// <summary><c>INT_STATUS_NO_DETOUR_EMU</c>.</summary>
    NoDetourEmu = 0x6240000F,

    /// <summary><c>INT_STATUS_RAISE_EPT</c>.</summary>
    RaiseEpt = 0x62400010,

    /// <summary><c>INT_STATUS_INSTRUCTION_PATCHED</c>.</summary>
    InstructionPatched = 0x62400011,

    /// <summary><c>INT_STATUS_EXCEPTION_ALLOW</c>.</summary>
    ExceptionAllow = 0x624000E1,

    /// <summary><c>INT_STATUS_EXCEPTION_CHECKS_OK</c>.</summary>
    ExceptionChecksOk = 0x624000E2,

    /// <summary><c>INT_STATUS_SIGNATURE_MATCHED</c>.</summary>
    SignatureMatched = 0x624000E3,

    /// <summary><c>INT_STATUS_REMOVE_DETOUR_AND_SET_RIP</c>.</summary>
    RemoveDetourAndSetRip = 0x624000E4,

    /// <summary><c>INT_STATUS_INVALID_PARAMETER</c>.</summary>
    InvalidParameter = unchecked((int)0xE1000000),

    /// <summary>Parameter 1 is bad.</summary>
    InvalidParameter1 = unchecked((int)0xE1000001),

    /// <summary>Parameter 2 is bad.</summary>
    InvalidParameter2 = unchecked((int)0xE1000002),

    /// <summary>Parameter 3 is bad.</summary>
    InvalidParameter3 = unchecked((int)0xE1000003),

    /// <summary>Parameter 4 is bad.</summary>
    InvalidParameter4 = unchecked((int)0xE1000004),

    /// <summary>Parameter 5 is bad.</summary>
    InvalidParameter5 = unchecked((int)0xE1000005),

    /// <summary>Parameter 6 is bad.</summary>
    InvalidParameter6 = unchecked((int)0xE1000006),

    /// <summary>Parameter 7 is bad.</summary>
    InvalidParameter7 = unchecked((int)0xE1000007),

    /// <summary>Parameter 8 is bad.</summary>
    InvalidParameter8 = unchecked((int)0xE1000008),

    /// <summary>Parameter 9 is bad.</summary>
    InvalidParameter9 = unchecked((int)0xE1000009),

    /// <summary>Parameter 10 is bad.</summary>
    InvalidParameter10 = unchecked((int)0xE100000A),

    /// <summary>Parameter 11 is bad.</summary>
    InvalidParameter11 = unchecked((int)0xE100000B),

    /// <summary>Parameter 12 is bad.</summary>
    InvalidParameter12 = unchecked((int)0xE100000C),

    /// <summary><c>INT_STATUS_INVALID_PARAMETER_MIX</c>.</summary>
    InvalidParameterMix = unchecked((int)0xE100000D),

    /// <summary><c>INT_STATUS_COMPONENT_NOT_INITIALIZED</c>.</summary>
    ComponentNotInitialized = unchecked((int)0xE1000100),

    /// <summary><c>INT_STATUS_COMPONENT_ALREADY_INITIALIZED</c>.</summary>
    ComponentAlreadyInitialized = unchecked((int)0xE1000101),

    /// <summary><c>INT_STATUS_COMPONENT_NOT_READY</c>.</summary>
    ComponentNotReady = unchecked((int)0xE1000102),

    /// <summary><c>INT_STATUS_COMPONENT_NOT_FOUND</c>.</summary>
    ComponentNotFound = unchecked((int)0xE1000103),

    /// <summary><c>INT_STATUS_COMPONENT_LIFECYCLE_ENDED</c>.</summary>
    ComponentLifecycleEnded = unchecked((int)0xE1000104),

    /// <summary><c>INT_STATUS_INVALID_COMPONENT_STATE</c>.</summary>
    InvalidComponentState = unchecked((int)0xE1000105),

    /// <summary><c>INT_STATUS_OPERATION_NOT_SUPPORTED</c>.</summary>
    OperationNotSupported = unchecked((int)0xE1000106),

    /// <summary>Declared at the boundary, not built in this version.</summary>
    OperationNotImplemented = unchecked((int)0xE1000107),

    /// <summary><c>INT_STATUS_INVALID_OPERATION_STATE</c>.</summary>
    InvalidOperationState = unchecked((int)0xE1000108),

    /// <summary><c>INT_STATUS_COMPONENT_BUSY</c>.</summary>
    ComponentBusy = unchecked((int)0xE1000109),

    /// <summary><c>INT_STATUS_INVALID_DATA_VALUE</c>.</summary>
    InvalidDataValue = unchecked((int)0xE1000200),

    /// <summary><c>INT_STATUS_INVALID_DATA_TYPE</c>.</summary>
    InvalidDataType = unchecked((int)0xE1000201),

    /// <summary>The same value as <see cref="InvalidDataType"/>.</summary>
    InvalidObjectType = InvalidDataType,

    /// <summary><c>INT_STATUS_INVALID_DATA_SIZE</c>.</summary>
    InvalidDataSize = unchecked((int)0xE1000202),

    /// <summary><c>INT_STATUS_INCONSISTENT_DATA_VALUE</c>.</summary>
    InconsistentDataValue = unchecked((int)0xE1000203),

    /// <summary><c>INT_STATUS_INCONSISTENT_DATA_SIZE</c>.</summary>
    InconsistentDataSize = unchecked((int)0xE1000204),

    /// <summary><c>INT_STATUS_CORRUPTED_DATA</c>.</summary>
    CorruptedData = unchecked((int)0xE1000205),

    /// <summary><c>INT_STATUS_DATA_NOT_INITIALIZED</c>.</summary>
    DataNotInitialized = unchecked((int)0xE1000206),

    /// <summary><c>INT_STATUS_DATA_IN_USE</c>.</summary>
    DataInUse = unchecked((int)0xE1000207),

    /// <summary><c>INT_STATUS_DATA_ALREADY_EXISTS</c>.</summary>
    DataAlreadyExists = unchecked((int)0xE1000208),

    /// <summary><c>INT_STATUS_DATA_ALREADY_INITIALIZED</c>.</summary>
    DataAlreadyInitialized = unchecked((int)0xE1000209),

    /// <summary><c>INT_STATUS_DATA_ALREADY_FREE</c>.</summary>
    DataAlreadyFree = unchecked((int)0xE100020A),

    /// <summary><c>INT_STATUS_DATA_NOT_FOUND</c>.</summary>
    DataNotFound = unchecked((int)0xE100020B),

    /// <summary><c>INT_STATUS_DATA_NOT_READY</c>.</summary>
    DataNotReady = unchecked((int)0xE100020C),

    /// <summary><c>INT_STATUS_DATA_LIFECYCLE_ENDED</c>.</summary>
    DataLifecycleEnded = unchecked((int)0xE100020D),

    /// <summary><c>INT_STATUS_INVALID_DATA_STATE</c>.</summary>
    InvalidDataState = unchecked((int)0xE100020E),

    /// <summary><c>INT_STATUS_DATA_DOMAIN_OVERFLOW</c>.</summary>
    DataDomainOverflow = unchecked((int)0xE100020F),

    /// <summary><c>INT_STATUS_ALIGNMENT_INCONSISTENCY</c>.</summary>
    AlignmentInconsistency = unchecked((int)0xE1000210),

    /// <summary><c>INT_STATUS_DATA_BUFFER_TOO_SMALL</c>.</summary>
    DataBufferTooSmall = unchecked((int)0xE1000211),

    /// <summary><c>INT_STATUS_BUFFER_UNDERFLOW</c>.</summary>
    BufferUnderflow = unchecked((int)0xE1000212),

    /// <summary><c>INT_STATUS_BUFFER_OVERFLOW</c>.</summary>
    BufferOverflow = unchecked((int)0xE1000213),

    /// <summary><c>INT_STATUS_OUT_OF_RESOURCES</c>.</summary>
    OutOfResources = unchecked((int)0xE1000214),

    /// <summary><c>INT_STATUS_OUT_OF_MEMORY</c>.</summary>
    OutOfMemory = unchecked((int)0xE1000215),

    /// <summary><c>INT_STATUS_INDEX_OUT_OF_RANGE</c>.</summary>
    IndexOutOfRange = unchecked((int)0xE1000216),

    /// <summary><c>INT_STATUS_NO_MORE_ENTRIES</c>.</summary>
    NoMoreEntries = unchecked((int)0xE1000217),

    /// <summary><c>INT_STATUS_ARITHMETIC_UNDERFLOW</c>.</summary>
    ArithmeticUnderflow = unchecked((int)0xE1000218),

    /// <summary><c>INT_STATUS_ARITHMETIC_OVERFLOW</c>.</summary>
    ArithmeticOverflow = unchecked((int)0xE1000219),

    /// <summary><c>INT_STATUS_UNSUPPORTED_DATA_VALUE</c>.</summary>
    UnsupportedDataValue = unchecked((int)0xE100021A),

    /// <summary><c>INT_STATUS_UNSUPPORTED_DATA_TYPE</c>.</summary>
    UnsupportedDataType = unchecked((int)0xE100021B),

    /// <summary><c>INT_STATUS_UNSUPPORTED_DATA_SIZE</c>.</summary>
    UnsupportedDataSize = unchecked((int)0xE100021C),

    /// <summary><c>INT_STATUS_DATA_OUT_OF_RANGE</c>.</summary>
    DataOutOfRange = unchecked((int)0xE100021D),

    /// <summary><c>INT_STATUS_KEY_ALREADY_EXISTS</c>.</summary>
    KeyAlreadyExists = unchecked((int)0xE100021E),

    /// <summary><c>INT_STATUS_KEY_NOT_FOUND</c>.</summary>
    KeyNotFound = unchecked((int)0xE100021F),

    /// <summary><c>INT_STATUS_ABORTED_ON_TIMEOUT</c>.</summary>
    AbortedOnTimeout = unchecked((int)0xE1000401),

    /// <summary><c>INT_STATUS_ABORTED_ON_CRITICAL_FAULT</c>.</summary>
    AbortedOnCriticalFault = unchecked((int)0xE1000402),

    /// <summary><c>INT_STATUS_DATA_ALTERED_FROM_OUSIDE</c>.</summary>
    DataAlteredFromOuside = unchecked((int)0xE1000403),

    /// <summary><c>INT_STATUS_SYNCHRONIZATION_INCONSISTENCY</c>.</summary>
    SynchronizationInconsistency = unchecked((int)0xE1000404),

    /// <summary><c>INT_STATUS_ALREADY_INITIALIZED</c>.</summary>
    AlreadyInitialized = unchecked((int)0xE1000500),

    /// <summary><c>INT_STATUS_NOT_INITIALIZED</c>.</summary>
    NotInitialized = unchecked((int)0xE1000501),

    /// <summary><c>INT_STATUS_UNEXPECTED_RACE_CONDITION</c>.</summary>
    UnexpectedRaceCondition = unchecked((int)0xE1000502),

    /// <summary>A fault inside the engine.</summary>
    InvalidInternalState = unchecked((int)0xE1000503),

    /// <summary><c>INT_STATUS_OUT_OF_RANGE</c>.</summary>
    OutOfRange = unchecked((int)0xE1000504),

    /// <summary><c>INT_STATUS_UNINITIALIZED_STATUS_VALUE</c>.</summary>
    UninitializedStatusValue = unchecked((int)0xE1000505),

    /// <summary><c>INT_STATUS_INSUFFICIENT_RESOURCES</c>.</summary>
    InsufficientResources = unchecked((int)0xE1000506),

    /// <summary>Nothing is hooked there.</summary>
    NotFound = unchecked((int)0xE1000507),

    /// <summary>Not supported by this version or this hypervisor.</summary>
    NotSupported = unchecked((int)0xE1000508),

    /// <summary><c>INT_STATUS_ACCESS_DENIED</c>.</summary>
    AccessDenied = unchecked((int)0xE1000509),

    /// <summary><c>INT_STATUS_UNEXPECTED_IO_ERROR</c>.</summary>
    UnexpectedIoError = unchecked((int)0xE100050A),

    /// <summary><c>INT_STATUS_ACCESS_VIOLATION</c>.</summary>
    AccessViolation = unchecked((int)0xE100050B),

    /// <summary><c>INT_STATUS_ABANDONED</c>.</summary>
    Abandoned = unchecked((int)0xE100050C),

    /// <summary><c>INT_STATUS_OBJECT_TYPE_MISMATCH</c>.</summary>
    ObjectTypeMismatch = unchecked((int)0xE100050D),

    /// <summary><c>INT_STATUS_INVALID_HANDLE</c>.</summary>
    InvalidHandle = unchecked((int)0xE100050E),

    /// <summary><c>INT_STATUS_NOT_READY</c>.</summary>
    NotReady = unchecked((int)0xE100050F),

    /// <summary>Another thread holds what is needed; call again.</summary>
    Busy = unchecked((int)0xE1000510),

    /// <summary>An upper level of the page walk is absent.</summary>
    NoMappingStructures = unchecked((int)0xE2400013),

    /// <summary>The last level of the page walk is absent.</summary>
    PageNotPresent = unchecked((int)0xE2400016),

    /// <summary>The bytes are no instruction.</summary>
    DisasmError = unchecked((int)0xE2400020),

    /// <summary><c>INT_STATUS_GUEST_OS_NOT_SUPPORTED</c>.</summary>
    GuestOsNotSupported = unchecked((int)0xE2400030),

    /// <summary>An exit is still being handled; call again.</summary>
    CannotUnload = unchecked((int)0xE2400040),

    /// <summary><c>INT_STATUS_LOAD_ABORTED</c>.</summary>
    LoadAborted = unchecked((int)0xE2400050),

    /// <summary>The guest is asleep.</summary>
    PowerStateBlock = unchecked((int)0xE2400060),

    /// <summary><c>INT_STATUS_STACK_SWAPPED_OUT</c>.</summary>
    StackSwappedOut = unchecked((int)0xE2400061),

    /// <summary><c>INT_STATUS_EXCEPTION_NOT_MATCHED</c>.</summary>
    ExceptionNotMatched = unchecked((int)0xE24000E1),

    /// <summary><c>INT_STATUS_EXCEPTION_CHECKS_FAILED</c>.</summary>
    ExceptionChecksFailed = unchecked((int)0xE24000E2),

    /// <summary><c>INT_STATUS_SIGNATURE_NOT_FOUND</c>.</summary>
    SignatureNotFound = unchecked((int)0xE24000E3),

    /// <summary><c>INT_STATUS_UNINIT_BUGCHECK</c>.</summary>
    UninitBugcheck = unchecked((int)0xE24000E4),

    /// <summary><c>INT_STATUS_EXCEPTION_BLOCK</c>.</summary>
    ExceptionBlock = unchecked((int)0xE24000EF),

    /// <summary><c>INT_STATUS_UNSUCCESSFUL</c>.</summary>
    Unsuccessful = unchecked((int)0xE24000FE),

    /// <summary>The engine has unloaded itself from the guest.</summary>
    FatalError = unchecked((int)0xE24000FF),
}
