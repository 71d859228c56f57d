using System.Threading;
using Engine.Abi;
using Engine.Hooks;

namespace Tests.Stress;

/// <summary>
/// Judges a store by its number, which its bytes carry: every third one is blocked. Counts, for each vCPU, what it was asked, and
/// notices an access that is not the one that the vCPU has under way.
/// </summary>
internal sealed unsafe class StressHandler(int vcpus) : IFrameHookHandler
{
    private readonly StressCell[] _cells = new StressCell[vcpus];
    private long _strange;

    /// <summary>Accesses whose bytes, address or hook were those of no exit that was under way.</summary>
    public long Strange => Interlocked.Read(ref _strange);

    /// <summary>The verdict on a store.</summary>
    public static IntroAction VerdictOf(ulong number) => number % 3 == 0 ? IntroAction.NotAllowed : IntroAction.Allowed;

    /// <summary>Says which store a vCPU is about to make.</summary>
    public void Begin(uint vcpu, ulong number, ulong gpa) =>
        _cells[vcpu] = new StressCell { Number = number, Gpa = gpa };

    /// <summary>How often the store was judged.</summary>
    public int AskedOf(uint vcpu) => _cells[vcpu].Asked;

    /// <inheritdoc/>
    public IntroAction OnAccess(ref FrameAccess access, in FrameHook hook)
    {
        ref StressCell cell = ref _cells[access.Vcpu->Index];
        ulong number = access.Data.Length == sizeof(ulong) ? System.BitConverter.ToUInt64(access.Data) : 0;
        if (number != cell.Number || access.Gpa != cell.Gpa || hook.Cookie != access.Gpa >> 12)
            Interlocked.Increment(ref _strange);
        cell.Asked++;
        return VerdictOf(number);
    }
}
