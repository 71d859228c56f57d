using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Memory;
using Engine.Sessions;
using Engine.Vcpus;
using Xunit;

namespace Tests.Unit.Fakes;

/// <summary>
/// A 64-bit guest with page tables, code and an interrupt descriptor table, introspected by an IntroEngine; the frames from
/// <see cref="IdtFrame"/> on are also mapped at <see cref="Alias"/>, as a kernel's direct map does.
/// </summary>
internal sealed unsafe class TestMachine : IDisposable
{
    public const ulong CodeLinear = 0xFFFF_FFFF_8100_0000;
    public const ulong CodeFrame = 0x10000;
    public const ulong SecondCodeFrame = 0x13000;
    public const ulong IdtLinear = 0xFFFF_FE00_0000_0000;
    public const ulong IdtFrame = 0x20000;
    public const ulong Cr3 = 0x40000;

    private const ulong DirectMap = 0xFFFF_8880_0000_0000;
    private const int DirectMapPages = 0x40;

    private readonly IntroEngine _engine;

    /// <summary>Makes the guest, whose table begins at idtOffset of its page and has idtLimit + 1 bytes.</summary>
    public TestMachine(
        GuestOptions options = GuestOptions.ProtectIdt, int vcpus = 1, uint idtOffset = 0x400, ushort idtLimit = 0xFF,
        bool invert = false, bool start = true, bool quiet = false, GuestConfigFlags flags = GuestConfigFlags.None)
    {
        Host = new FakeHypervisor(vcpus) { KeepJournal = !quiet };
        Host.Log.Keep = !quiet;
        Tables = new PageTables(Ram, PagingMode.Level4, Cr3);
        Tables.Map(CodeLinear, CodeFrame);
        Tables.Map(CodeLinear + GuestRam.PageSize, SecondCodeFrame);
        Tables.MapRun(IdtLinear, IdtFrame, 2);
        Tables.MapRun(DirectMap, 0, DirectMapPages);
        for (int i = 0; i < vcpus; i++)
        {
            Host.Regs[i] = new IgArchRegs
            {
                Rip = CodeLinear, Rsp = Alias(0x18000), Cr0 = Tables.Cr0, Cr3 = Tables.Root, Cr4 = Tables.Cr4, Flags = 2,
                IdtBase = IdtLinear + idtOffset, IdtLimit = idtLimit,
            };
            Host.Efer[i] = Tables.Efer;
        }

        EngineSettings settings = new()
        {
            Glue = FakeGlue.Table(), Upper = FakeGlue.Upper(Host.Log), Shim = FakeShim.WithoutCopy, EptHandler = 0x1234,
            BreakpointHandler = 0x77, IntroCallHandler = 0x78, InjectionHandler = 0x79,
            InvertVerdicts = invert,
        };
        _engine = new IntroEngine(in settings);
        Assert.Equal(IntStatus.Success, _engine.Declare(Host.Handle)!.DeclareMemory(0, Ram.Size, Ram.Host));
        if (flags != GuestConfigFlags.None)
        {
            IntroGuestConfig config = new() { Size = (ulong)sizeof(IntroGuestConfig), Flags = flags };
            Assert.Equal(IntStatus.Success, _engine.Declare(Host.Handle)!.Configure(in config));
        }

        if (start)
            Assert.Equal(IntStatus.Success, _engine.NewGuest(Host.Handle, options, null, 0));
    }

    public FakeHypervisor Host { get; }

    public GuestRam Ram { get; } = new(128);

    public PageTables Tables { get; }

    public IntroEngine Engine => _engine;

    public ActiveGuest Guest => _engine.Find(Host.Handle)!.Active!;

    public AlertSink Alerts => Host.Alerts;

    /// <summary>Registers of vCPU 0, pushed with each exit.</summary>
    public ref IgArchRegs Regs => ref Host.Regs[0];

    /// <summary>What the exits push; None: the engine has to ask.</summary>
    public VcpuRegisters Pushes { get; set; } = VcpuRegisters.Sufficient | VcpuRegisters.Flags;

    public VcpuExitFlags ExtraFlags { get; set; }

    /// <summary>Status of the last exit.</summary>
    public IntStatus Status { get; private set; }

    /// <summary>The record of vCPU 0.</summary>
    public ref VcpuState Record => ref *Guest.Vcpus[0];

    /// <summary>Where the direct map shows a frame.</summary>
    public static ulong Alias(ulong gpa) => DirectMap + gpa;

    /// <summary>Puts an instruction at RIP.</summary>
    public void Code(params ReadOnlySpan<byte> code) => Ram.WriteBytes(CodeFrame + (Regs.Rip - CodeLinear), code);

    /// <summary>A store whose bytes the exit carries.</summary>
    public IntroAction Store(ulong gpa, ulong gla, ReadOnlySpan<byte> data, uint vcpu = 0) =>
        Exit(gpa, gla, EptAccess.Write, data, vcpu);

    /// <summary>A store of 8 bytes through the direct map.</summary>
    public IntroAction Store(ulong gpa, ulong value, uint vcpu = 0) =>
        Store(gpa, Alias(gpa), new ReadOnlySpan<byte>(&value, sizeof(ulong)), vcpu);

    /// <summary>A store of which the exit tells the address alone.</summary>
    public IntroAction Refetch(ulong gpa, ulong gla) => Exit(gpa, gla, EptAccess.Write, [], 0);

    public IntroAction Exit(ulong gpa, ulong gla, EptAccess access, ReadOnlySpan<byte> data, uint vcpu)
    {
        ActiveGuest guest = Guest;
        VcpuState* record = guest.Vcpus[vcpu];
        record->Regs = Host.Regs[vcpu];
        record->Ia32Efer = Host.Efer[vcpu];
        record->CsType = Host.CsType[vcpu];
        record->Cpl = Host.Cpl[vcpu];
        record->PushedMask = Pushes;
        if ((Pushes & VcpuRegisters.Sufficient) != VcpuRegisters.Sufficient)
            Unsafe.InitBlock(&record->Regs, 0xEE, (uint)sizeof(IgArchRegs));
        record->ExitFlags = ExtraFlags | (data.IsEmpty ? 0 : VcpuExitFlags.Data);
        record->ExitDataSize = (uint)data.Length;
        data.CopyTo(new Span<byte>(record->ExitData, MaxStore));

        Status = guest.Enter(vcpu, VcpuStateKind.EptViolation, IntStatus.InvalidParameter5);
        if (Status != IntStatus.Success)
            return IntroAction.Retry;
        IntroAction action = IntroAction.NotAllowed;
        try
        {
            Status = guest.EptViolation(vcpu, gpa, gla, access, out action);
            return action;
        }
        finally
        {
            Status = guest.Leave(vcpu, action, Status);
        }
    }

    /// <summary>An exit of vCPU 0 with everything pushed; the record goes to the body.</summary>
    public IntStatus Run(VcpuStateKind kind, Func<ActiveGuest, nint, IntStatus> body)
    {
        ActiveGuest guest = Guest;
        VcpuState* record = guest.Vcpus[0];
        record->Regs = Host.Regs[0];
        record->Ia32Efer = Host.Efer[0];
        record->CsType = Host.CsType[0];
        record->Cpl = Host.Cpl[0];
        record->PushedMask = Pushes;
        Assert.Equal(IntStatus.Success, guest.Enter(0, kind, IntStatus.InvalidParameter3));
        return guest.Leave(0, IntroAction.Allowed, body(guest, (nint)record));
    }

    public void Dispose()
    {
        _engine.Close();
        Host.Forget();
        Ram.Dispose();
    }

    private const int MaxStore = global::Engine.Limits.MaxStoreBytes;
}
