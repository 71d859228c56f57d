using System;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;
using Engine.Injection;
using Engine.Memory;
using Engine.Vcpus;
using Tests.Unit.Fakes;

namespace Tests.Unit.Injection;

/// <summary>A 64-bit guest whose pages come and go, with what injects into it.</summary>
internal sealed unsafe class InjectionMachine : IDisposable
{
    public const ulong UserPage = 0x7000_1000;
    public const ulong KernelPage = 0xFFFF_8000_0000_0000;
    public const ulong Frame = 0x10000;
    public const ulong Flags = 0x202;
    public const ulong AlignmentCheck = 1 << 18;
    public const ulong Smap = 1 << 21;
    public const int PageFault = 14;
    public const int InvalidOpcode = 6;

    public InjectionMachine(int vcpus = 2, Func<GlueIface, GlueIface>? trim = null)
    {
        Host = new FakeHypervisor(vcpus);
        Hypervisor = Host.Open(trim: trim);
        Memory = Ram.Declare();
        Tables = new PageTables(Ram, PagingMode.Level4, 0x40000);
        Tables.MapRun(UserPage, Frame, 8);
        Tables.MapRun(KernelPage, Frame, 8);
        for (int i = 0; i < vcpus; i++)
        {
            Host.Regs[i] = new IgArchRegs
            {
                Rip = 0x1000 + (ulong)i, Flags = Flags, Cr0 = Tables.Cr0 | 0x1_0000, Cr3 = Tables.Root, Cr4 = Tables.Cr4,
            };
            Host.Efer[i] = Tables.Efer;
        }

        Vcpus = new VcpuTable(vcpus);
        Registers = new RegisterAccess(Hypervisor, vcpus, appliesDirtyMask: true);
        Uds = new PendingUds(Vcpus);
        Injector = new ExceptionInjector(Hypervisor, vcpus, Uds);
        Swap = new SwapMemory(Memory, Registers, Injector, waits => SwapHasWork = waits, () => Interlocked.Increment(ref TimersNeeded));
    }

    public FakeHypervisor Host { get; }

    public Hypervisor Hypervisor { get; }

    public GuestRam Ram { get; } = new(128);

    public GuestMemory Memory { get; }

    public PageTables Tables { get; }

    public VcpuTable Vcpus { get; }

    public RegisterAccess Registers { get; }

    public PendingUds Uds { get; }

    public ExceptionInjector Injector { get; }

    public SwapMemory Swap { get; }

    public SwapSink Sink { get; } = new();

    public int TimersNeeded;

    public bool SwapHasWork { get; private set; }

    public ulong Root => Tables.Root;

    /// <summary>A new exit of a vCPU, in which nothing has been asked for yet.</summary>
    public VcpuState* Exit(uint vcpu = 0, bool moved = true)
    {
        VcpuState* record = Vcpus[vcpu];
        record->EventId++;
        record->PushedMask = VcpuRegisters.None;
        if (moved)
            Host.Regs[vcpu].Rip += 0x10;
        return record;
    }

    /// <summary>An exit that ends with bringing in pages.</summary>
    public void Run(uint vcpu = 0, bool moved = true) => Swap.PreReturn(Exit(vcpu, moved));

    /// <summary>The notice of what was delivered, as ActiveGuest takes it.</summary>
    public void Deliver(uint vcpu, uint vector, ulong cr2)
    {
        VcpuState* record = Exit(vcpu);
        if (record->Exception.Valid != 0)
            Injector.OnDelivered(record, vector, cr2);
    }

    public SwapInRequest Request(
        ulong linear, int length, SwapInOptions options = SwapInOptions.None, bool kernel = false, ulong cookie = 7) => new()
    {
        Paging = Tables.Context, IsKernel = kernel, Linear = linear, Length = length, Options = options, Handler = Sink,
        Cookie = cookie,
    };

    public IntStatus Read(SwapInRequest request, out ulong handle) => Swap.Read(in request, out handle);

    public void Absent(ulong linear) => Tables.Spoil(linear, 1, clear: PageTables.Present);

    public void Present(ulong linear) => Tables.Spoil(linear, 1, set: PageTables.Present);

    public void Ring(uint ring, uint vcpu = 0) => Host.Cpl[vcpu] = ring;

    public void Dispose()
    {
        Swap.Close();
        Host.Forget();
        Ram.Dispose();
    }
}
