using System.Threading;
using Engine.Abi;
using Engine.Hosting;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>
/// Makes the iterations of repeated instructions exit one by one while a vCPU is in one that reaches a hook, on a glue that has
/// ToggleRepOptimization (spec/12, section 1, E4). The switch is the guest's: it is off as long as one of its vCPUs holds it.
/// </summary>
/// <remarks>
/// <para>A vCPU holds it until an exit of another instruction. One that does not exit any more is made to let go by the timer: each of
/// its ticks lets go what has not been asked for since the one before.</para>
/// <para>Thread safety: members that take a record are for whoever has claimed its vCPU. The lock guards the count alone and is not
/// held across a call into the glue; one thread at a time switches, and looks at the count again afterwards.</para>
/// </remarks>
internal sealed unsafe class RepOptimization : ITimerJob
{
    private readonly Hypervisor _hypervisor;
    private readonly Lock _lock = new();
    private readonly int[] _heldIn;
    private int _generation = 1;
    private int _holders;
    private int _switching;
    private bool _isOff;
    private bool _isPossible;
    private bool _wasUsed;

    public RepOptimization(Hypervisor hypervisor, int vcpuCount)
    {
        _hypervisor = hypervisor;
        _heldIn = new int[vcpuCount];
        _isPossible = (hypervisor.Capabilities & GlueCapabilities.SingleIterations) != GlueCapabilities.None;
    }

    /// <inheritdoc/>
    public int Period => 1;

    /// <inheritdoc/>
    public string Name => "repeated instructions";

    /// <summary>Whether the glue can do that.</summary>
    public bool IsPossible => Volatile.Read(ref _isPossible);

    /// <summary>Whether iterations exit one by one now.</summary>
    public bool IsOff => Volatile.Read(ref _isOff);

    /// <summary>Makes iterations exit one by one, for the instruction of this vCPU. False: the glue cannot.</summary>
    public bool TryHold(VcpuState* vcpu)
    {
        if (!IsPossible)
            return false;

        lock (_lock)
        {
            _wasUsed = true;
            ref int heldIn = ref _heldIn[vcpu->Index];
            if (heldIn != _generation)
            {
                heldIn = _generation;
                _holders++;
            }
        }

        vcpu->RepOptDisabled = 1;
        Switch();
        if (IsOff)
            return true;
        Release(vcpu);
        return false;
    }

    /// <summary>This vCPU is past its repeated instruction.</summary>
    public void Release(VcpuState* vcpu)
    {
        if (vcpu->RepOptDisabled == 0)
            return;

        vcpu->RepOptDisabled = 0;
        lock (_lock)
        {
            ref int heldIn = ref _heldIn[vcpu->Index];
            if (heldIn != _generation)
                return;
            heldIn = 0;
            _holders--;
        }

        Switch();
    }

    /// <inheritdoc/>
    public void Run()
    {
        lock (_lock)
        {
            bool wasUsed = _wasUsed;
            _wasUsed = false;
            if (_holders == 0 || wasUsed)
                return;
            _generation++;
            _holders = 0;
        }

        Switch();
    }

    /// <summary>Gives the hypervisor its optimisation back. When no exit is left inside.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _generation++;
            _holders = 0;
        }

        Switch();
    }

    private void Switch()
    {
        bool again = true;
        while (again && Interlocked.CompareExchange(ref _switching, 1, 0) == 0)
        {
            bool off = Volatile.Read(ref _holders) != 0;
            bool done = off == _isOff || _hypervisor.SetRepOptimization(!off).IsSuccess();
            if (done)
                Volatile.Write(ref _isOff, off);
            else
                Volatile.Write(ref _isPossible, false);
            Volatile.Write(ref _switching, 0);
            again = done && Volatile.Read(ref _holders) != 0 != off;
        }
    }
}
