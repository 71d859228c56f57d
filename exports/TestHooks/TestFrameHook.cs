using Engine.Abi;

namespace Exports;

/// <summary>One hook of a test: where it begins, and the C function that judges accesses to it.</summary>
internal readonly unsafe struct TestFrameHook(
    ulong gpa, delegate* unmanaged<void*, uint, ulong, ulong, uint, byte*, IntroAction> judge, void* context)
{
    public readonly ulong Gpa = gpa;

    /// <summary>Context, vCPU (all ones: a device), guest-physical and linear address, size, bytes (null: not known).</summary>
    public readonly delegate* unmanaged<void*, uint, ulong, ulong, uint, byte*, IntroAction> Judge = judge;

    public readonly void* Context = context;
}
