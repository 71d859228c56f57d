using System;
using BenchmarkDotNet.Attributes;
using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Bench;

/// <summary>Exits, from the claim of the vCPU to its end, without the C interface. Nothing may be allocated.</summary>
[MemoryDiagnoser]
public unsafe class Exits : IDisposable
{
    private readonly BenchRam _ram = new();
    private readonly IntroEngine _engine = new(NullGlue.SettingsWith(default));
    private ActiveGuest? _guest;

    [GlobalSetup]
    public void Setup()
    {
        nint handle = (nint)_ram.Guest;

        // MOV [RDI],RSI
        ((ReadOnlySpan<byte>)[0x48, 0x89, 0x37]).CopyTo(new Span<byte>(_ram.Pointer + BenchRam.Code, 3));
        GuestSession session = _engine.Declare(handle) ?? throw new InvalidOperationException("no guest");
        session.Configure(new IntroGuestConfig { Size = (ulong)sizeof(IntroGuestConfig), StoreCompletion = IntroCompletion.Data });
        session.DeclareMemory(0, BenchRam.Size, _ram.Pointer);
        IntStatus status = _engine.NewGuest(handle, GuestOptions.Supported & ~GuestOptions.KernelBeta, null, 0);
        _guest = _engine.Find(handle)?.Active ?? throw new InvalidOperationException($"no guest: {status}");
    }

    /// <summary>Case (a).</summary>
    [Benchmark]
    public int BehindTheObject() => Store(BenchRam.Idt + BenchRam.IdtHalf);

    /// <summary>Case (a0).</summary>
    [Benchmark]
    public int PageWithoutHook() => Store(BenchRam.Data);

    [Benchmark]
    public int SameBytes() => Store(BenchRam.Idt + 256);

    /// <summary>Case (d).</summary>
    [Benchmark]
    public int CrWrite()
    {
        _guest!.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter, out VcpuBlock* block);
        _guest.CrWrite(&block->Record, 4, BenchRam.Cr4, BenchRam.Cr4 & ~0x80UL, out IntroAction action);
        _guest.Leave(block, action, IntStatus.Success);
        return (int)action;
    }

    public void Dispose()
    {
        _engine.Disable((nint)_ram.Guest);
        _ram.Dispose();
        GC.SuppressFinalize(this);
    }

    private int Store(ulong gpa)
    {
        ActiveGuest guest = _guest!;
        VcpuState* vcpu = guest.Vcpus[0];
        BenchRam.Push(vcpu);
        vcpu->Regs.Rdi = BenchRam.Linear + gpa;
        vcpu->ExitFlags = VcpuExitFlags.Data;
        vcpu->ExitDataSize = sizeof(ulong);
        *(ulong*)vcpu->ExitData = 0;
        guest.Enter(0, VcpuStateKind.EptViolation, IntStatus.InvalidParameter, out VcpuBlock* block);
        guest.EptViolation(vcpu, gpa, BenchRam.Linear + gpa, EptAccess.Write, out IntroAction action);
        guest.Leave(block, action, IntStatus.Success);
        return (int)action;
    }
}
