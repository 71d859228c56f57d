using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;
using Engine.Hosting;

namespace Engine.Sessions;

/// <summary>What the debugger's command "!testcrhookset" hooks a control register with: writes are logged and happen
/// (DbgCrWriteTestCallback).</summary>
/// <remarks>Thread safety: any number of vCPUs at once. A guest that writes very often is logged as often as alerts may be.</remarks>
internal sealed class CrWriteTrace(HostLog log) : IRegisterHookHandler
{
    private readonly RateLimiter _limiter = new(Limits.AlertBurst, Limits.AlertsPerSecond);

    /// <inheritdoc/>
    public unsafe IntroAction OnWrite(ref RegisterWrite write)
    {
        if (_limiter.TryTake())
            log.Write(IgLogLevel.Info, $"CR{write.Number} of vcpu {write.Vcpu->Index}: old {write.Old:x} new {write.New:x}");
        return IntroAction.Allowed;
    }
}
