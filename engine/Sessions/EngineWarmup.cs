using System;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Hosting;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <summary>
/// Leads exits of every kind through an engine of its own, with a guest of five pages and a glue that does nothing, so that the
/// first exit of a real guest finds everything in memory and initialised. Part of IntInit.
/// </summary>
internal static unsafe class EngineWarmup
{
    private const int Rounds = 3;
    private const ulong Pages = 6;
    private const ulong PageSize = 4096;
    private const ulong Pml4 = 1 * PageSize;
    private const ulong Pdpt = 2 * PageSize;
    private const ulong Directory = 3 * PageSize;
    private const ulong Idt = 4 * PageSize;
    private const ulong Code = 5 * PageSize;
    private const ulong PresentWritable = 0x63; // accessed and dirty, too
    private const ulong LargePage = 1 << 7;

    /// <summary>Runs the exits and lets the guest go again.</summary>
    public static void Run(in NativeShim shim)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(Pages * PageSize), (nuint)PageSize);
        try
        {
            Prepare(memory);
            RunGuest(memory, in shim, new IntroGuestConfig
            {
                Size = (ulong)sizeof(IntroGuestConfig), StoreCompletion = IntroCompletion.Data, Guards = GuardOptions.Supported,
            });
            RunGuest(memory, in shim, new IntroGuestConfig
            {
                Size = (ulong)sizeof(IntroGuestConfig), StoreCompletion = IntroCompletion.Refetch,
                Flags = GuestConfigFlags.AppliesDirtyMask,
            });
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static void RunGuest(byte* memory, in NativeShim shim, in IntroGuestConfig config)
    {
        NullGuest registers = new() { Regs = Registers(), Ia32Efer = EferLongMode };
        nint handle = (nint)(&registers);
        IntroEngine engine = new(NullGlue.SettingsWith(in shim));
        engine.Declare(handle)!.Configure(in config);
        engine.Declare(handle)!.DeclareMemory(0, Pages * PageSize, memory);
        if (engine.NewGuest(handle, GuestOptions.Supported & ~GuestOptions.KernelBeta, null, 0).IsSuccess())
        {
            ActiveGuest guest = engine.Find(handle)!.Active!;
            if (config.StoreCompletion == IntroCompletion.Data)
                RunExits(guest);
            else
                RunPerformed(guest);
        }

        engine.Disable(handle);
    }

    private static void RunExits(ActiveGuest guest)
    {
        for (int i = 0; i < Rounds; i++)
        {
            // MOV [RDI],RSI into a gate with other bytes, with the same, outside the table, and without its bytes.
            Exit(guest, VcpuStateKind.EptViolation, vcpu => Store(guest, vcpu, Idt + 16, 0x1122_3344_5566_7788, hasData: true));
            Exit(guest, VcpuStateKind.EptViolation, vcpu => Store(guest, vcpu, Idt + 16, 0, hasData: true));
            Exit(guest, VcpuStateKind.EptViolation, vcpu => Store(guest, vcpu, Code + 2048, 1, hasData: true));
            Exit(guest, VcpuStateKind.EptViolation, vcpu => Store(guest, vcpu, Idt + 32, 1, hasData: false));
            Exit(guest, VcpuStateKind.CrWrite, vcpu => guest.CrWrite(vcpu, 0, 0x8001_0001, 0x8000_0001, out IntroAction _));
            Exit(guest, VcpuStateKind.CrWrite, vcpu => guest.CrWrite(vcpu, 4, 0x20, 0xA0, out IntroAction _));
            Exit(guest, VcpuStateKind.MsrViolation, vcpu => guest.MsrViolation(vcpu, 0xC000_0082, MsrAccess.Write, 1, 2, out IntroAction _));
            Exit(guest, VcpuStateKind.DtrLoad, vcpu =>
            {
                vcpu->Regs.Rip = Code + 16;
                guest.DtrViolation(vcpu, DescriptorAccess.Idtr | DescriptorAccess.Write, out IntroAction _);
            });
            Exit(guest, VcpuStateKind.XcrWrite, vcpu => guest.XcrWrite(vcpu, out IntroAction _));
            guest.DeviceStore(Idt + 16, [1, 2, 3, 4], out IntroAction _);
            guest.Timer();
        }
    }

    /// <summary>A store and a load beside the table, which the engine performs.</summary>
    private static void RunPerformed(ActiveGuest guest)
    {
        Exit(guest, VcpuStateKind.EptViolation, vcpu => Store(guest, vcpu, Idt + 2048, 1, hasData: false));
        Exit(guest, VcpuStateKind.EptViolation, vcpu =>
        {
            vcpu->Regs.Rip = Code + 32;
            vcpu->Regs.Rdi = Idt + 2048;
            vcpu->ExitFlags = VcpuExitFlags.None;
            guest.EptViolation(vcpu, Idt + 2048, Idt + 2048, EptAccess.Read, out IntroAction _);
        });
    }

    private delegate void ExitBody(VcpuState* vcpu);

    private static void Exit(ActiveGuest guest, VcpuStateKind kind, ExitBody body)
    {
        VcpuState* vcpu = guest.Vcpus[0];
        Push(vcpu);
        if (!guest.Enter(0, kind, IntStatus.InvalidParameter, out VcpuBlock* block).IsSuccess())
            return;
        body(vcpu);
        guest.Leave(block, IntroAction.NotAllowed, IntStatus.Success);
    }

    private static void Store(ActiveGuest guest, VcpuState* vcpu, ulong gpa, ulong value, bool hasData)
    {
        vcpu->Regs.Rdi = gpa;
        vcpu->Regs.Rsi = value;
        vcpu->ExitFlags = hasData ? VcpuExitFlags.Data | VcpuExitFlags.NoGla : VcpuExitFlags.None;
        vcpu->ExitDataSize = sizeof(ulong);
        *(ulong*)vcpu->ExitData = value;
        guest.EptViolation(vcpu, gpa, gpa, EptAccess.Write, out IntroAction _);
    }

    private static void Push(VcpuState* vcpu)
    {
        vcpu->Regs = Registers();
        vcpu->Ia32Efer = EferLongMode;
        vcpu->CsType = IgCsType.Bits64;
        vcpu->Cpl = 0;
        vcpu->PushedMask = VcpuRegisters.Sufficient | VcpuRegisters.Flags;
    }

    private static void Prepare(byte* memory)
    {
        new Span<byte>(memory, (int)(Pages * PageSize)).Clear();
        *(ulong*)(memory + Pml4) = Pdpt | PresentWritable;
        *(ulong*)(memory + Pdpt) = Directory | PresentWritable;
        *(ulong*)(memory + Directory) = PresentWritable | LargePage;

        // MOV [RDI],RSI; at 16: LIDT [RDI]; and at 32: MOV RSI,[RDI].
        ((ReadOnlySpan<byte>)[0x48, 0x89, 0x37]).CopyTo(new Span<byte>(memory + Code, 3));
        ((ReadOnlySpan<byte>)[0x0F, 0x01, 0x1F]).CopyTo(new Span<byte>(memory + Code + 16, 3));
        ((ReadOnlySpan<byte>)[0x48, 0x8B, 0x37]).CopyTo(new Span<byte>(memory + Code + 32, 3));
    }

    private static IgArchRegs Registers() => new()
    {
        Rip = Code, Rdi = Code + 64, Cr0 = 0x8001_0001, Cr3 = Pml4, Cr4 = 0x20, IdtBase = Idt, IdtLimit = 0x7FF,
    };

    private const ulong EferLongMode = 0x500;
}
