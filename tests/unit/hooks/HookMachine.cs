using System;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Events;
using Engine.Hooks;
using Engine.Hooks.Linear;
using Engine.Hooks.Translations;
using Engine.Injection;
using Engine.Memory;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>
/// A guest with page tables whose hooks a test sets itself, and exits as ActiveGuest leads them: claim, judge, commit, release. All
/// of its memory is mapped at <see cref="DirectMap"/>; code is at <see cref="CodeFrame"/> of it.
/// </summary>
internal sealed unsafe class HookMachine : IDisposable
{
    public const ulong DirectMap = 0xFFFF_8880_0000_0000;
    public const ulong CodeFrame = 0x1000;
    public const ulong TablesFrame = 0x10_0000;

    private readonly EptViolation _eptViolation;
    private readonly Engine.Instructions.InstructionUnit[] _units;
    private readonly bool _data;

    /// <summary>Makes the guest. <paramref name="data"/>: exits carry the bytes of stores, and an allowed one lands after the exit;
    /// otherwise the engine performs them.</summary>
    public HookMachine(
        int vcpus = 1, bool data = true, int pages = 512, PagingMode mode = PagingMode.Level4, GlueIface? glue = null,
        GuestConfigFlags flags = GuestConfigFlags.None, bool traps = true)
    {
        _data = data;
        Ram = new GuestRam(pages);
        Memory = Ram.Declare();
        Host = new FakeHypervisor(vcpus);
        Vcpus = new VcpuTable(vcpus);
        Retired = new RetireList(Vcpus.Claims);
        Engine.Hosting.Hypervisor hypervisor = glue is { } table ? Host.Open(in table) : Host.Open();
        Hypervisor = hypervisor;
        Hooks = new FrameHooks(hypervisor, Retired, 0x1234);
        StoreCompletion? completion = data ? null : new StoreCompletion(hypervisor, Memory, new RegisterAccess(hypervisor, vcpus, appliesDirtyMask: true));
        Translations = new TranslationHooks(Hooks, Memory, vcpus, waits => WaitsForExits = waits, () => NeedsTimer = true, traps);
        Linear = new LinearHooks(Hooks, Translations, Memory);
        Tables = new PageTables(Ram, mode, TablesFrame);
        _units = new Engine.Instructions.InstructionUnit[vcpus];
        for (int i = 0; i < vcpus; i++)
            _units[i] = new Engine.Instructions.InstructionUnit();
        Injector = new ExceptionInjector(hypervisor, vcpus, new PendingUds(Vcpus));
        _eptViolation = new EptViolation(
            hypervisor, Memory, Hooks, _units, new GuestFaults(Memory, Injector), new FailPolicy(flags), completion, Translations);
    }

    public GuestRam Ram { get; }

    public GuestMemory Memory { get; }

    public FakeHypervisor Host { get; }

    public RetireList Retired { get; }

    public VcpuTable Vcpus { get; }

    public FrameHooks Hooks { get; }

    public ExceptionInjector Injector { get; }

    public TranslationHooks Translations { get; }

    public LinearHooks Linear { get; }

    /// <summary>Whether stores are to be compared at the next exits.</summary>
    public bool WaitsForExits { get; private set; }

    /// <summary>Whether tables are to be compared once a second.</summary>
    public bool NeedsTimer { get; private set; }

    public PageTables Tables { get; }

    /// <summary>Whether exits carry the bytes of stores.</summary>
    public bool IsDataMode => _data;

    /// <summary>Status of the last exit.</summary>
    public IntStatus Status { get; private set; }

    /// <summary>Maps all memory at <see cref="DirectMap"/>, accessed and dirty, for stores that the engine performs.</summary>
    public void MapDirectly()
    {
        const ulong AccessedAndDirty = 0x60;
        for (ulong gpa = 0; gpa < Ram.Size; gpa += 0x20_0000)
        {
            Tables.Map(DirectMap + gpa, gpa, leafLevel: 2);
            Tables.Spoil(DirectMap + gpa, 2, set: AccessedAndDirty);
        }

        for (int level = 3; level <= 4; level++)
            Tables.Spoil(DirectMap, level, set: 0x20);
    }

    /// <summary>A store whose bytes the exit carries; it lands if it is allowed.</summary>
    public IntroAction Store(ulong gpa, ReadOnlySpan<byte> data, uint vcpu = 0)
    {
        IntroAction action = Judge(gpa, data, vcpu);
        if (action == IntroAction.Allowed)
            Ram.WriteBytes(gpa, data);
        return action;
    }

    /// <summary>A store whose bytes the exit carries, and that has not landed when this returns.</summary>
    public IntroAction Judge(ulong gpa, ReadOnlySpan<byte> data, uint vcpu = 0)
    {
        VcpuState* record = Vcpus[vcpu];
        record->ExitFlags = VcpuExitFlags.Data;
        record->ExitDataSize = (uint)data.Length;
        data.CopyTo(new Span<byte>(record->ExitData, 64));
        return Exit(gpa, EptAccess.Write, vcpu);
    }

    /// <summary>The same for a store of 8 bytes.</summary>
    public IntroAction Judge(ulong gpa, ulong value, uint vcpu = 0) =>
        Judge(gpa, new ReadOnlySpan<byte>(&value, sizeof(ulong)), vcpu);

    /// <summary>A store of 8 bytes whose bytes the exit carries.</summary>
    public IntroAction Store(ulong gpa, ulong value, uint vcpu = 0) =>
        Store(gpa, new ReadOnlySpan<byte>(&value, sizeof(ulong)), vcpu);

    /// <summary>A store of 8 bytes by <c>mov [rdi], rsi</c> through the direct map, of which the exit tells the address alone.
    /// The engine performs it; where it touches no hook, the hypervisor does.</summary>
    public IntroAction Execute(ulong gpa, ulong value, uint vcpu = 0)
    {
        Assert.False(_data);
        Ram.WriteBytes(CodeFrame, 0x48, 0x89, 0x37);
        VcpuState* record = Vcpus[vcpu];
        record->Regs.Rdi = DirectMap + gpa;
        record->Regs.Rsi = value;
        IntroAction action = Exit(gpa, EptAccess.Write, vcpu);
        if (action == IntroAction.Allowed)
            Ram.Write(gpa, value);
        return action;
    }

    /// <summary>Where the code is that exits.</summary>
    public ulong Rip { get; set; } = DirectMap + CodeFrame;

    /// <summary>RFLAGS.</summary>
    public ulong Flags { get; set; } = 2;

    /// <summary>Its privilege level.</summary>
    public uint Cpl { get; set; }

    /// <summary>Bits of CR0 and CR4 besides those of paging.</summary>
    public ulong Cr0 { get; set; }

    public ulong Cr4 { get; set; }

    /// <summary>Whether the glue neither pushes flags nor answers registers.</summary>
    public bool HidesFlags
    {
        get => !Host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs].IsSuccess();
        set => Host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = value ? IntStatus.NotSupported : IntStatus.Success;
    }

    /// <summary>An exit of which the glue knows where it was.</summary>
    public IntroAction Exit(ulong gpa, EptAccess access, uint vcpu = 0) => Exit(gpa, DirectMap + gpa, access, vcpu);

    /// <summary>The same with the linear address that it tells.</summary>
    public IntroAction Exit(ulong gpa, ulong gla, EptAccess access, uint vcpu = 0)
    {
        VcpuState* record = Vcpus[vcpu];
        record->Regs.Rip = Rip;
        record->Regs.Cr0 = Tables.Cr0 | Cr0;
        record->Regs.Cr3 = Tables.Root;
        record->Regs.Cr4 = Tables.Cr4 | Cr4;
        record->Regs.Flags = Flags;
        record->Ia32Efer = Tables.Efer;
        record->CsType = IgCsType.Bits64;
        record->Cpl = Cpl;
        record->PushedMask = VcpuRegisters.Sufficient | (HidesFlags ? VcpuRegisters.None : VcpuRegisters.Flags);
        Assert.True(Vcpus.Claims.TryClaim(Vcpus.Claims.CellOf(vcpu)));
        try
        {
            record->EventId++;
            Status = _eptViolation.Handle(record, gpa, gla, access, out IntroAction action);
            return action;
        }
        finally
        {
            if (WaitsForExits)
                Translations.SettleAtExit(record);
            if (Hooks.HasChanges)
                Hooks.CommitAtExit();
            record->ExitFlags = VcpuExitFlags.None;
            record->ExitDataSize = 0;
            ClaimTable.Release(Vcpus.Claims.CellOf(vcpu));
            if (!Retired.IsEmpty)
                Retired.Collect();
        }
    }

    /// <summary>What switches repeated instructions.</summary>
    public RepOptimization Repetitions => _eptViolation.Repetitions;

    /// <summary>A store by a device.</summary>
    public IntroAction DeviceStore(ulong gpa, ReadOnlySpan<byte> data) => _eptViolation.HandleDevice(gpa, data);

    /// <summary>What the page-table filter's call leads to.</summary>
    public ReportedStores Reports => new(Hypervisor, Memory, _eptViolation);

    /// <summary>What the #VE agent's call leads to.</summary>
    public RaisedViolations Raised => new(Hypervisor, Memory, _eptViolation);

    public Engine.Hosting.Hypervisor Hypervisor { get; }

    public Engine.Instructions.InstructionUnit Unit => _units[0];

    public void Dispose()
    {
        Retired.Dispose();
        Linear.Dispose();
        Translations.Dispose();
        Hooks.Dispose();
        Host.Forget();
        Ram.Dispose();
    }
}
