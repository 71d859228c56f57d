using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>
/// Services of the process (UPPER_IFACE), 144 bytes: 16 of head, 16 pointers. TracePrint is variadic and is called through
/// the shim alone; the engine needs none of the others.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct UpperIface
{
    /// <summary>UPPER_IFACE_VERSION_1.</summary>
    public const uint Version1 = 0x0001_0074;

    /// <summary>UPPER_IFACE_VERSION_1_SIZE.</summary>
    public const uint Version1Size = 144;

#pragma warning disable CS1591 // the members are documented in the C header
    public uint Version;
    public uint Size;
    public ulong Reserved;
    public nint TracePrint;
    public nint MemAllocWithTagAndInfo;
    public nint MemFreeWithTagAndInfo;
    public nint SpinLockInit;
    public nint SpinLockUnInit;
    public nint SpinLockAcquire;
    public nint SpinLockRelease;
    public nint RwSpinLockInit;
    public nint RwSpinLockUnInit;
    public nint RwSpinLockAcquireShared;
    public nint RwSpinLockAcquireExclusive;
    public nint RwSpinLockReleaseShared;
    public nint RwSpinLockReleaseExclusive;
    public nint QueryHeapSize;
    public nint BugCheck;
    public nint EnterDebugger;
#pragma warning restore CS1591
}
