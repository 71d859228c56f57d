namespace Build.Runs;

/// <summary>Where a line of a transcript came from.</summary>
public enum LineSource
{
    /// <summary>The guest's serial console.</summary>
    Guest,

    /// <summary>The plug-in, on QEMU's standard error.</summary>
    Plugin,

    /// <summary>QEMU itself, on its standard error.</summary>
    Qemu,
}
