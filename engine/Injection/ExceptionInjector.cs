using System;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;
using Engine.Vcpus;

namespace Engine.Injection;

/// <summary>
/// Injects exceptions into the guest (spec/11, section 5; spec/12, sections 8 and 10): one outstanding a vCPU, until it is known what
/// became of it.
/// </summary>
/// <remarks>
/// <para>To inject is to ask: when the vCPU enters the guest next, the hypervisor may deliver something of higher priority. Glues that
/// can tell what was delivered in the end (IntHandleEventInjection). Until then the record's Exception is valid, and another injection
/// is refused.</para>
/// <para>Lost injections are found at a later exit of the vCPU: it is still where it was when the injection was asked for; or nothing
/// was told for <see cref="Limits.InjectionLostMilliseconds"/>. With a glue that tells nothing, a vCPU that has got elsewhere counts as
/// having got its exception. An exception that is taken for lost by mistake is injected twice, which a guest that handles it once
/// handles twice.</para>
/// <para>Thread safety: members that take a record are for whoever has claimed its vCPU; the others for any thread.</para>
/// </remarks>
internal sealed unsafe class ExceptionInjector
{
    /// <summary>Vector of #UD.</summary>
    public const byte InvalidOpcode = 6;

    /// <summary>Vector of #PF.</summary>
    public const byte PageFault = 14;

    private const int ExceptionVectors = 32;
    private const ulong PageMask = 0xFFF;

    private readonly Hypervisor _hypervisor;
    private readonly PendingInjection[] _pending;
    private readonly PendingUds _uds;
    private int _generation;
    private volatile bool _stopped;

    /// <param name="hypervisor">The guest's hypervisor.</param>
    /// <param name="vcpuCount">Number of its vCPUs.</param>
    /// <param name="uds">Its denied executions whose #UD is pending.</param>
    public ExceptionInjector(Hypervisor hypervisor, int vcpuCount, PendingUds uds)
    {
        _hypervisor = hypervisor;
        _pending = new PendingInjection[vcpuCount];
        _uds = uds;
    }

    /// <summary>Whether the glue can inject at all.</summary>
    public bool IsPossible => (_hypervisor.Capabilities & GlueCapabilities.Injection) != GlueCapabilities.None;

    /// <summary>Who is told of injections that carry a cookie; set before the first exit.</summary>
    public IInjectionListener? Listener { get; set; }

    private bool HasNotices => (_hypervisor.Capabilities & GlueCapabilities.InjectionNotices) != GlueCapabilities.None;

    /// <summary>
    /// Asks for an exception at the vCPU's next entry into the guest. After success the exit has to be answered with Retry, so that it
    /// is delivered where the vCPU is. <see cref="IntStatus.AlreadyInitialized"/>: another one is outstanding;
    /// <see cref="IntStatus.InvalidParameter1"/>: not the vector of an exception; <see cref="IntStatus.NotSupported"/>: the glue cannot
    /// inject; <see cref="IntStatus.PowerStateBlock"/>: the guest is being shut down; what the glue answers, else.
    /// </summary>
    /// <param name="vcpu">Record of the vCPU.</param>
    /// <param name="vector">Vector, below 32.</param>
    /// <param name="errorCode">Error code; 0 where the vector has none.</param>
    /// <param name="cr2">Address, for #PF.</param>
    /// <param name="cookie">For the listener; 0: it is not told.</param>
    public IntStatus Inject(VcpuState* vcpu, byte vector, uint errorCode, ulong cr2, ulong cookie = 0)
    {
        if (vector >= ExceptionVectors)
            return IntStatus.InvalidParameter1;
        if (!IsPossible)
            return IntStatus.NotSupported;
        if (_stopped)
            return IntStatus.PowerStateBlock;
        if (!IsFree(vcpu))
            return IntStatus.AlreadyInitialized;

        IntStatus status = _hypervisor.InjectTrap(vcpu->Index, vector, errorCode, cr2);
        if (!status.IsSuccess())
            return status;

        vcpu->Exception = new VcpuException { Valid = 1, Vector = vector, ErrorCode = errorCode, Cr2 = cr2 };
        _pending[vcpu->Index] = new PendingInjection
        {
            EventId = vcpu->EventId,
            HasRip = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Rip).IsSuccess(),
            Rip = vcpu->Regs.Rip,
            Time = Environment.TickCount64,
            Generation = Volatile.Read(ref _generation),
            Cookie = cookie,
        };
        return IntStatus.Success;
    }

    /// <summary>
    /// Asks for #UD, to keep the instruction at RIP from being executed by a thread, and remembers that it did.
    /// <see cref="IntStatus.AlreadyInitializedHint"/>: the same execution was denied before and its #UD came late; it is injected again
    /// and is not to be reported again. Other statuses as those of <see cref="Inject"/>. RIP and CR3 must be valid in the record.
    /// </summary>
    public IntStatus InjectInvalidOpcode(VcpuState* vcpu, ulong thread)
    {
        IntStatus status = Inject(vcpu, InvalidOpcode, 0, 0);
        if (!status.IsSuccess())
            return status;
        status = _uds.Add(vcpu->Regs.Cr3, vcpu->Regs.Rip, thread, out ulong id);
        vcpu->CurrentUD = id;
        return status;
    }

    /// <summary>Whether nothing is outstanding on the vCPU, or not any more: what is lost is found here.</summary>
    public bool IsFree(VcpuState* vcpu)
    {
        if (vcpu->Exception.Valid == 0)
            return true;

        ref PendingInjection pending = ref _pending[vcpu->Index];
        bool isReset = pending.Generation != Volatile.Read(ref _generation);
        if (!isReset && pending.EventId == vcpu->EventId)
            return false;

        bool isLate = Environment.TickCount64 - pending.Time >= Limits.InjectionLostMilliseconds;
        if (isReset || isLate)
        {
            Settle(vcpu, delivered: false);
            return true;
        }

        if (!pending.HasRip || !VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Rip).IsSuccess())
            return false;
        bool hasMoved = pending.Rip != vcpu->Regs.Rip;
        if (hasMoved && HasNotices)
            return false;
        Settle(vcpu, delivered: hasMoved);
        return true;
    }

    /// <summary>
    /// The glue tells what it has delivered to a vCPU. If the engine had asked for another exception there, or for a page fault on
    /// another page, that one is lost. Called only while the record's Exception is valid: what the engine did not ask for means nothing.
    /// </summary>
    /// <param name="vcpu">Record of the vCPU.</param>
    /// <param name="vector">Vector that was delivered; it may be an interrupt's.</param>
    /// <param name="cr2">Address, for #PF.</param>
    public void OnDelivered(VcpuState* vcpu, uint vector, ulong cr2)
    {
        ref VcpuException asked = ref vcpu->Exception;
        bool same = vector == asked.Vector && (vector != PageFault || ((asked.Cr2 ^ cr2) & ~PageMask) == 0);
        if (same && vector == InvalidOpcode)
            _uds.Remove(vcpu->CurrentUD);
        Settle(vcpu, same);
    }

    /// <summary>The vCPUs were reset, or come back from sleep: what is outstanding is lost, which each finds at its next exit.</summary>
    public void ForgetAll() => Interlocked.Increment(ref _generation);

    /// <summary>Nothing is injected any more, or again.</summary>
    public void Stop(bool stopped) => _stopped = stopped;

    private void Settle(VcpuState* vcpu, bool delivered)
    {
        ulong cookie = _pending[vcpu->Index].Cookie;

        // A lost #UD keeps its entry, by which the next denial of the same execution is known.
        vcpu->Exception.Valid = 0;
        vcpu->CurrentUD = 0;
        if (cookie != 0)
            Listener?.OnInjectionSettled(cookie, delivered);
    }
}
