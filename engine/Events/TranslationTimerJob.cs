using Engine.Hooks.Translations;

namespace Engine.Events;

/// <summary>Compares page tables with what they are taken for, a few at a time, and the stores of vCPUs that make no exits.</summary>
internal sealed class TranslationTimerJob(TranslationHooks translations) : ITimerJob
{
    /// <inheritdoc/>
    public int Period => 1;

    /// <inheritdoc/>
    public string Name => "page tables";

    /// <inheritdoc/>
    public void Run() => translations.Recheck(Limits.TablesPerTick);
}
