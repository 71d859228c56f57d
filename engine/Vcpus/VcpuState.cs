using System.Runtime.InteropServices;
using Engine.Abi;

namespace Engine.Vcpus;

/// <summary>
/// The record of one vCPU (VCPU_STATE): 832 bytes in an array that starts at a cache line and does not move. The glue writes
/// registers and facts of the exit in place before it calls a handler; the engine reads them there.
/// </summary>
/// <remarks>
/// <para>Between Begin and End of an exit the record belongs to the thread that claimed the vCPU (see Concurrency/ClaimTable);
/// outside of it the glue may read everything and write what is marked [glue].</para>
/// <code>
/// offset size  field                                            writer
///      0    8  EventId                                          engine
///      8    8  Index, State                                     engine
///     16   32  ExitGpa, ExitGla, Gpa, Gla                       engine
///     48    8  ExitAccess, AccessSize                           engine
///     56    4  EptpIndex                                        glue
///     60    4  Initialized, SingleStep, AllowOnExec, RepOptDisabled   engine
///     64  224  Regs                                             glue, where PushedMask says so
///    288   16  Ia32Efer, Xcr0                                   glue
///    304   16  AllowOnExecRip, AllowOnExecGpa                   engine
///    320   24  IdtBase, GdtBase, IdtLimit, PtContext, VeContext engine
///    344   40  PcrGla, CurrentUD, IdtHookObject, LixProcessGva, VeInfoPage   engine (ids or addresses, no references)
///    384   16  Exception                                        engine
///    400   24  PtWriteCache                                     engine
///    424   24  PtEmuBuffer                                      engine
///    448   80  PatchBuffer                                      engine
///    528   32  Instruction                                      engine
///    576    8  PushedMask                                       glue; engine clears it at the end
///    584    8  DirtyMask                                        engine; glue clears it once applied
///    592    8  ExitFlags, ExitDataSize                          glue; engine clears them at the end
///    600    8  CsType, Cpl                                      glue
///    608   96  Segments (CS SS DS ES FS GS)                     glue
///    704   64  ExitData                                         glue
///    768   24  StoreRip, StoreGla, StoreSize, StoreAction       engine
///    792    8  StoreNext                                        engine
///    800   24  RetryPlace, RetryEvent, RetryCount               engine
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VcpuState
{
    /// <summary>Size of a record, in bytes: a multiple of the cache line.</summary>
    public const int ByteSize = 832;

    /// <summary>Number of the vCPU's exit, from 1.</summary>
    public ulong EventId;

    /// <summary>Number of the vCPU.</summary>
    public uint Index;

    /// <summary>What the record is used for.</summary>
    public VcpuStateKind State;

    /// <summary>Guest-physical address of the exit.</summary>
    public ulong ExitGpa;

    /// <summary>Linear address of the exit as reported.</summary>
    public ulong ExitGla;

    /// <summary>Guest-physical address of the piece that is being judged.</summary>
    public ulong Gpa;

    /// <summary>Linear address of the piece that is being judged.</summary>
    public ulong Gla;

    /// <summary>Access of the exit, an <see cref="EptAccess"/>.</summary>
    public uint ExitAccess;

    /// <summary>Bytes of the piece that is being judged.</summary>
    public uint AccessSize;

    /// <summary>Index of the EPT in use.</summary>
    public uint EptpIndex;

    /// <summary>1 from the start of the guest on.</summary>
    public byte Initialized;

    /// <summary>1: the exit is of the instruction whose execution was allowed last, and which the hypervisor steps over.</summary>
    public byte SingleStep;

    /// <summary>1: an execution that was trapped was allowed; see <see cref="AllowOnExecRip"/>.</summary>
    public byte AllowOnExec;

    /// <summary>1: the vCPU is in a repeated instruction whose iterations exit one by one (ToggleRepOptimization).</summary>
    public byte RepOptDisabled;

    /// <summary>Registers; which of them are valid says <see cref="PushedMask"/>. CR3 is the hardware's, never a substitute.</summary>
    public IgArchRegs Regs;

    /// <summary>IA32_EFER.</summary>
    public ulong Ia32Efer;

    /// <summary>XCR0.</summary>
    public ulong Xcr0;

    /// <summary>RIP of the execution that was allowed last.</summary>
    public ulong AllowOnExecRip;

    /// <summary>Guest-physical address of its exit.</summary>
    public ulong AllowOnExecGpa;

    /// <summary>Linear address of the interrupt descriptor table as last accepted.</summary>
    public ulong IdtBase;

    /// <summary>Linear address of the global descriptor table as last accepted.</summary>
    public ulong GdtBase;

    /// <summary>Limit of the interrupt descriptor table as last accepted.</summary>
    public ushort IdtLimit;

    /// <summary>1: a store that the page-table filter tells of is being judged.</summary>
    public byte PtContext;

    /// <summary>1: the registers are those of the code that the #VE agent has interrupted.</summary>
    public byte VeContext;

    /// <summary>0.</summary>
    public uint Reserved2;

    /// <summary>Reserved: linear address of the Windows PCR.</summary>
    public ulong PcrGla;

    /// <summary>Id of the denied execution whose #UD is outstanding; 0: none.</summary>
    public ulong CurrentUD;

    /// <summary>Reserved: id of the hook or integrity region of the table.</summary>
    public ulong IdtHookObject;

    /// <summary>Reserved: linear address of the running Linux task.</summary>
    public ulong LixProcessGva;

    /// <summary>Guest-physical address of the #VE agent's information page; 0: none.</summary>
    public ulong VeInfoPage;

    /// <summary>Injection whose outcome is not known.</summary>
    public VcpuException Exception;

    /// <summary>0: page-table stores are judged before they land.</summary>
    public VcpuPtWriteCache PtWriteCache;

    /// <summary>The paging entry that an agent in the guest tells of, while that is judged.</summary>
    public VcpuPtEmuBuffer PtEmuBuffer;

    /// <summary>Bytes that a read has to see; see FrameAccess.TryPatch.</summary>
    public VcpuPatchBuffer PatchBuffer;

    /// <summary>Last decoded instruction.</summary>
    public VcpuInstruction Instruction;

    /// <summary>0.</summary>
    public fixed ulong Reserved0[2];

    /// <summary>Registers that are valid in this record for this exit.</summary>
    public VcpuRegisters PushedMask;

    /// <summary>Registers that the engine has changed and the glue has to apply.</summary>
    public VcpuRegisters DirtyMask;

    /// <summary>Facts about the exit.</summary>
    public VcpuExitFlags ExitFlags;

    /// <summary>Valid bytes of <see cref="ExitData"/>, 1 to 64.</summary>
    public uint ExitDataSize;

    /// <summary>Kind of the code segment.</summary>
    public IgCsType CsType;

    /// <summary>Current privilege level.</summary>
    public uint Cpl;

    /// <summary>Segment registers in the order CS SS DS ES FS GS.</summary>
    public VcpuSegments Segments;

    /// <summary>Bytes that the store will write.</summary>
    public fixed byte ExitData[64];

    /// <summary>Address of the instruction whose pieces are being judged; 0: none; all ones: it was not looked at.</summary>
    public ulong StoreRip;

    /// <summary>Linear address of its operand; where that was not looked at, of the piece.</summary>
    public ulong StoreGla;

    /// <summary>Bytes of its operand.</summary>
    public uint StoreSize;

    /// <summary>Verdict of the piece before.</summary>
    public IntroAction StoreAction;

    /// <summary>Linear address that its next piece will have.</summary>
    public ulong StoreNext;

    /// <summary>What the last answer of Retry was for, where it may go on and on.</summary>
    public ulong RetryPlace;

    /// <summary>The exit that was answered so.</summary>
    public ulong RetryEvent;

    /// <summary>How many exits in a row.</summary>
    public uint RetryCount;

    /// <summary>0.</summary>
    public uint Reserved3;

    /// <summary>0.</summary>
    public ulong Reserved1;
}
