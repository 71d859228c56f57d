using System.Collections.Generic;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hooks.Translations;

namespace Tests.Unit;

/// <summary>A watcher that gives one verdict, or that of a script, and remembers what it was asked and told.</summary>
internal sealed class RecordingWatcher : ITranslationHookHandler
{
    public delegate IntroAction Script(ref FrameAccess access, in TranslationChange change);

    public IntroAction Verdict { get; set; }

    public Script? Judge { get; set; }

    public Script? Protect { get; set; }

    public IntroAction UnknownVerdict { get; set; } = IntroAction.NotAllowed;

    public List<TranslationChange> Asked { get; } = [];

    public List<TranslationChange> Protected { get; } = [];

    public List<TranslationChange> Changed { get; } = [];

    public List<TranslationChange> Dropped { get; } = [];

    public List<TranslationChange> Unknown { get; } = [];

    public List<uint> Settled { get; } = [];

    public IntroAction OnChange(ref FrameAccess access, in TranslationChange change)
    {
        Asked.Add(change);
        return Judge?.Invoke(ref access, in change) ?? Verdict;
    }

    public IntroAction OnProtected(ref FrameAccess access, in TranslationChange change)
    {
        Protected.Add(change);
        return Protect?.Invoke(ref access, in change) ?? IntroAction.Allowed;
    }

    public void OnChanged(in TranslationChange change) => Changed.Add(change);

    public void OnDropped(in TranslationChange change) => Dropped.Add(change);

    public IntroAction OnUnknown(ref FrameAccess access, in TranslationChange change)
    {
        Unknown.Add(change);
        return UnknownVerdict;
    }

    public void OnSettled(uint vcpu) => Settled.Add(vcpu);
}
