using Engine.Abi;
using Engine.Concurrency;
using Engine.Guests.Linux;

namespace Engine.Sessions;

/// <content>The guest's operating system.</content>
internal sealed unsafe partial class ActiveGuest
{
    /// <summary>What looks for a Linux kernel in it, and has what was found.</summary>
    public LinuxDetectionJob LinuxDetection { get; }

    /// <summary>
    /// IntContinueWork, on a thread without a vCPU: one slice of what is left to do. <see cref="IntStatus.NotNeededHint"/>: nothing is.
    /// </summary>
    public IntStatus ContinueWork()
    {
        IntStatus entered = TryEnterExternal(out ulong* cell, IntStatus.NotInitializedHint);
        if (entered != IntStatus.Success)
            return entered;

        try
        {
            return LinuxDetection.Continue(mayBegin: LinuxDetection.Attempts == 0) ? IntStatus.Success : IntStatus.NotNeededHint;
        }
        finally
        {
            ClaimTable.Release(cell);
        }
    }

    /// <summary>GetGuestInfo. <see cref="IntStatus.NotInitialized"/>: the operating system is not known, or not yet.</summary>
    public IntStatus GetInfo(out IntroGuestInfo info)
    {
        info = default;
        IntStatus entered = TryEnterExternal(out ulong* cell);
        if (entered != IntStatus.Success)
            return entered;

        try
        {
            if (LinuxDetection.Kernel is not { } kernel)
                return IntStatus.NotInitialized;
            info = InfoOf(kernel);
            return IntStatus.Success;
        }
        finally
        {
            ClaimTable.Release(cell);
        }
    }

    private static IntroGuestInfo InfoOf(LinuxKernel kernel) => new()
    {
        Type = IntroGuestInfo.Linux, BuildNumber = kernel.Banner.Number, OsVersion = kernel.Banner.Number, Guest64 = 1,
        StartupTime = IntroGuestInfo.InvalidTime,
    };

    private void OnDetectionEnd(LinuxDetectionJob detection)
    {
        if (detection.Kernel is not { } kernel)
        {
            // A guest that runs something else is asked again and again, and once is enough to say.
            if (detection.Attempts == 1)
                Hypervisor.Log.Write(IgLogLevel.Info, $"no Linux kernel yet: {detection.Reason}");
            return;
        }

        Hypervisor.Log.Write(
            IgLogLevel.Info,
            $"Linux {kernel.Banner.Version} ({kernel.Banner.Release}) at {kernel.Layout.Base:x}: {(ulong)(kernel.Symbols?.Count ?? 0)} symbols, {(ulong)(kernel.Types?.Count ?? 0)} types; found in {(ulong)detection.Worked.TotalMilliseconds} ms of work, in {(ulong)detection.Slices} slices of at most {(ulong)detection.LongestSlice.TotalMilliseconds + 1} ms");
        foreach (Guests.GuestFact fact in kernel.Facts)
        {
            if (fact.Confidence == Guests.Confidence.Contradicted)
                Hypervisor.Log.Write(IgLogLevel.Warning, $"{fact.Name}: {fact.Value} contradicts another source");
        }

        foreach (Guests.MissingFeature missing in kernel.Missing)
            Hypervisor.Log.Write(IgLogLevel.Warning, $"off: {missing.Feature}: {missing.Reason}");
        IntroGuestInfo info = InfoOf(kernel);
        Hypervisor.NotifyDetectedOs(ref info);
    }
}
