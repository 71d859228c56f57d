using System;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Memory;
using Engine.Sessions;
using Engine.Vcpus;

namespace Bench;

/// <summary>RAM of a guest, declared to the engine: page tables with 4 KiB pages for 2 MiB at <see cref="Linear"/>, a page of code,
/// an IDT of half a page.</summary>
internal sealed unsafe class BenchRam : IDisposable
{
    public const ulong Size = 0x20_0000;
    public const ulong Linear = 0xFFFF_FFFF_8000_0000;
    public const ulong Tables = 0x1000;
    public const ulong Code = 0x1_0000;
    public const ulong Idt = 0x2_0000;
    public const ulong Data = 0x3_0000;
    public const ulong IdtHalf = 0x800;
    public const ulong Cr0 = 0x8005_0033;
    public const ulong Cr4 = 0x30_06E0;
    public const ulong Efer = 0xD01;

    private const ulong EntryFlags = 0x63;

    public BenchRam()
    {
        Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Size, 4096);
        new Span<byte>(Pointer, (int)Size).Clear();
        ulong* tables = (ulong*)(Pointer + Tables);
        tables[511] = (Tables + 0x1000) | EntryFlags;
        tables[512 + 510] = (Tables + 0x2000) | EntryFlags;
        tables[1024] = (Tables + 0x3000) | EntryFlags;
        for (ulong frame = 0; frame < Size / 4096; frame++)
            tables[1536 + frame] = (frame << 12) | EntryFlags;
        new Span<byte>(Pointer + Code, 4096).Fill(0x90);
        Memory.TryAdd(0, Size, Pointer, out _);
        Guest = (NullGuest*)NativeMemory.Alloc((nuint)sizeof(NullGuest));
        *Guest = new NullGuest { Regs = Registers, Ia32Efer = Efer };
    }

    /// <summary>The guest, whose address is its handle.</summary>
    public NullGuest* Guest { get; }

    public byte* Pointer { get; }

    public GuestMemory Memory { get; } = new();

    public static PagingContext Paging => new(Cr0, Tables, Cr4, Efer);

    public static IgArchRegs Registers => new()
    {
        Rip = Linear + Code, Rdi = Linear + Idt + IdtHalf, Cr0 = Cr0, Cr3 = Tables, Cr4 = Cr4, IdtBase = Linear + Idt, IdtLimit = 0x7FF,
    };

    /// <summary>Puts everything that an exit needs into a record, as a glue does that pushes.</summary>
    public static void Push(VcpuState* vcpu)
    {
        vcpu->Regs = Registers;
        vcpu->Ia32Efer = Efer;
        vcpu->CsType = IgCsType.Bits64;
        vcpu->Cpl = 0;
        vcpu->PushedMask = VcpuRegisters.Sufficient;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Pointer);
        NativeMemory.Free(Guest);
    }
}
