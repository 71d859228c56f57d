using System;
using System.Text;
using Engine.Abi;
using Engine.Memory;
using Engine.Sessions;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit.Registers;

/// <summary>A 64-bit guest whose registers are guarded; code is at RIP, data at <see cref="Data"/>.</summary>
internal sealed unsafe class RegisterMachine : IDisposable
{
    public const ulong CodeLinear = 0xFFFF_FFFF_8100_0000;
    public const ulong Data = CodeLinear + 0x1000;
    public const ulong DataFrame = 0x11000;
    public const uint Lstar = 0xC000_0082;
    public const ulong Cr4SmepSmapUmip = (1 << 20) | (1 << 21) | (1 << 11);

    private readonly IntroEngine _engine;

    public RegisterMachine(
        GuestOptions options, GuardOptions guards = GuardOptions.None, int vcpus = 1, Action<RegisterHost>? prepare = null,
        Func<GlueIface, GlueIface>? trim = null, GuestConfigFlags flags = GuestConfigFlags.None)
    {
        Guest = new FakeHypervisor(vcpus);
        RegisterGlue.Add(Guest.Handle, Host);
        PageTables tables = Tables = new PageTables(Ram, PagingMode.Level4, 0x40000);
        tables.Map(CodeLinear, 0x10000);
        tables.Map(Data, DataFrame);
        for (int i = 0; i < vcpus; i++)
        {
            Guest.Regs[i] = new IgArchRegs
            {
                Rip = CodeLinear, Rdi = Data, Cr0 = tables.Cr0 | 0x1_0001, Cr3 = tables.Root, Cr4 = tables.Cr4 | Cr4SmepSmapUmip,
                IdtBase = 0xFFFF_FE00_0000_0000, IdtLimit = 0xFFF, GdtBase = 0xFFFF_FE00_0000_1000, GdtLimit = 0x7F,
            };
            Guest.Efer[i] = tables.Efer | 0x800;
        }

        prepare?.Invoke(Host);
        GlueIface glue = RegisterGlue.Table();
        EngineSettings settings = new()
        {
            Glue = trim is null ? glue : trim(glue), Upper = FakeGlue.Upper(Guest.Log), Shim = FakeShim.WithoutCopy,
            EptHandler = 1, RegisterHandlers = new() { Cr = 2, Msr = 3, Dtr = 4, Xcr = 5 }, TimerHandler = 6,
        };
        _engine = new IntroEngine(in settings);
        Assert.Equal(IntStatus.Success, _engine.Declare(Guest.Handle)!.DeclareMemory(0, Ram.Size, Ram.Host));
        Assert.Equal(
            IntStatus.Success,
            _engine.Declare(Guest.Handle)!.Configure(new IntroGuestConfig { Size = 32, Flags = flags, Guards = guards }));
        Assert.Equal(IntStatus.Success, _engine.NewGuest(Guest.Handle, options, null, 0));
    }

    public FakeHypervisor Guest { get; }

    public RegisterHost Host { get; } = new();

    public GuestRam Ram { get; } = new(128);

    public PageTables Tables { get; }

    public GuestSession Session => _engine.Find(Guest.Handle)!;

    public ActiveGuest Active => Session.Active!;

    public ref IgArchRegs Regs => ref Guest.Regs[0];

    public IntStatus Status { get; private set; }

    /// <summary>A write to a control register by the instruction at RIP.</summary>
    public IntroAction CrWrite(uint cr, ulong oldValue, ulong newValue) => Exit(
        VcpuStateKind.CrWrite, 0, (ActiveGuest guest, out IntroAction action) =>
            guest.CrWrite(0, cr, oldValue, newValue, out action));

    /// <summary>An access to a model-specific register by the instruction at RIP.</summary>
    public IntroAction MsrAccess(uint msr, ulong oldValue, ulong newValue, MsrAccess kind = Engine.Abi.MsrAccess.Write) => Exit(
        VcpuStateKind.MsrViolation, 0, (ActiveGuest guest, out IntroAction action) =>
            guest.MsrViolation(0, msr, kind, oldValue, newValue, out action));

    /// <summary>LIDT (3) or LGDT (2) of a table, whose operand is put at <see cref="Data"/>.</summary>
    public IntroAction LoadTable(int digit, ulong tableBase, ushort limit, uint vcpu = 0)
    {
        Ram.WriteBytes(DataFrame, [.. BitConverter.GetBytes(limit), .. BitConverter.GetBytes(tableBase)]);
        Ram.WriteBytes(0x10000, [0x0F, 0x01, (byte)((digit << 3) | 7)]);
        DescriptorAccess register = digit == 3 ? DescriptorAccess.Idtr : DescriptorAccess.Gdtr;
        return Exit(VcpuStateKind.DtrLoad, vcpu, (ActiveGuest guest, out IntroAction action) =>
            guest.DtrViolation(vcpu, register | DescriptorAccess.Write, out action));
    }

    public string Query(string topic)
    {
        System.Buffers.ArrayBufferWriter<byte> answer = new();
        Status = Active.Query(Encoding.UTF8.GetBytes(topic), answer);
        return Encoding.UTF8.GetString(answer.WrittenSpan);
    }

    /// <summary>Makes a page the user's as well as the kernel's.</summary>
    public void LetUsersIn(ulong linear)
    {
        for (int level = 1; level <= 4; level++)
            Tables.Spoil(linear, level, set: 4);
    }

    public void Dispose()
    {
        _engine.Close();
        RegisterGlue.Remove(Guest.Handle);
        Guest.Forget();
        Ram.Dispose();
    }

    internal delegate IntStatus Body(ActiveGuest guest, out IntroAction action);

    internal IntroAction Exit(VcpuStateKind kind, uint vcpu, Body body)
    {
        VcpuState* record = Active.Vcpus[vcpu];
        record->Regs = Guest.Regs[vcpu];
        record->Ia32Efer = Guest.Efer[vcpu];
        record->CsType = IgCsType.Bits64;
        record->Cpl = Guest.Cpl[vcpu];
        record->PushedMask = VcpuRegisters.Sufficient;
        Status = Active.Enter(vcpu, kind, IntStatus.InvalidParameter3);
        Assert.Equal(IntStatus.Success, Status);
        Status = body(Active, out IntroAction action);
        Active.Leave(vcpu, action);
        return action;
    }
}
