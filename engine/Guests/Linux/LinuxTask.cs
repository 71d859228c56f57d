namespace Engine.Guests.Linux;

/// <summary>A task of a guest at one moment.</summary>
/// <param name="Address">Its task_struct.</param>
/// <param name="Pid">Its number, of the thread.</param>
/// <param name="Tgid">The process that it is of.</param>
/// <param name="ParentTgid">The process that its parent is of; -1: not readable.</param>
/// <param name="Name">Its name.</param>
/// <param name="Mm">Its address space; 0: a kernel thread.</param>
/// <param name="Uid">Its user.</param>
/// <param name="EffectiveUid">The user whose rights it has.</param>
/// <param name="Capabilities">Its effective capabilities, a bit each.</param>
internal sealed record LinuxTask(
    ulong Address, int Pid, int Tgid, int ParentTgid, string Name, ulong Mm, uint Uid, uint EffectiveUid, ulong Capabilities);
