using System.Collections.Generic;
using Engine.Policy;

namespace Engine.Protection;

/// <summary>
/// Something that is guarded, or not, as the options in force say; they may change while the guest runs. Around the moment of a change
/// hooks are there without meaning anything: those of what comes into force are set before, those of what goes are removed after.
/// </summary>
/// <remarks>Thread safety: by one thread at a time, which the guest sees to; exits go on meanwhile.</remarks>
internal interface IProtection
{
    /// <summary>Sets the hooks of what a set names and is not guarded yet. What cannot be guarded is in the log and in the report.
    /// </summary>
    void Start(OptionSet options, in ProtectionStart start);

    /// <summary>Removes the hooks of what a set does not name.</summary>
    void Stop(OptionSet kept);

    /// <summary>No exit is inside any more that may still ask about what was stopped: what was kept for it can go.</summary>
    void Forget()
    {
    }

    /// <summary>Says what became of what a set names.</summary>
    void Report(OptionSet options, List<ProtectionReport> reports);
}
