namespace Build.Qemu;

/// <summary>One of the versions that the glue supports, or why it cannot be had here.</summary>
/// <param name="Version">As the glue names it: 7.2, 10.0.</param>
public sealed record QemuChoice(string Version, QemuProgram? Program, string Reason);
