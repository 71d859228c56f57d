using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Stress;

/// <summary>Four vCPUs of two guests store on four threads while hooks come and go all the while: ten million exits.</summary>
[Collection(nameof(AloneCollection))]
public sealed class StressTests(ITestOutputHelper output)
{
    private const int ExitsOfAVcpu = 2_500_000;
    private const int ExitsToWarmUp = 100_000;
    private const long MemoryBound = 8 << 20;

    [Fact]
    public void EveryVerdictOfTenMillionExitsIsTheModelsAndMemoryStaysFlat()
    {
        using StressGuest first = new(vcpus: 2);
        using StressGuest second = new(vcpus: 2);
        StressGuest[] guests = [first, second];

        Run(guests, ExitsToWarmUp);
        long memory = Memory();
        long[] allocated = [.. guests.SelectMany(guest => guest.Vcpus).Select(vcpu => vcpu.Allocated)];
        Stopwatch clock = Stopwatch.StartNew();
        Run(guests, ExitsOfAVcpu);
        output.WriteLine($"{4L * ExitsOfAVcpu} exits in {clock.Elapsed.TotalSeconds:F1} s");
        long grown = Memory() - memory;

        foreach (StressGuest guest in guests)
        {
            Assert.Equal(0, guest.Handler.Strange);
            Assert.InRange(guest.Frames.Changes, 1000, long.MaxValue);
            output.WriteLine($"hooks changed {guest.Frames.Changes} times, {guest.Frames.Refused} refused");
            for (int i = 0; i < guest.Vcpus.Length; i++)
            {
                StressVcpu vcpu = guest.Vcpus[i];
                output.WriteLine($"{vcpu.Exits} exits, {vcpu.Checked} against a settled model, {vcpu.Blocked} blocked");
                Assert.Equal(0, vcpu.Wrong);
                Assert.Equal(ExitsToWarmUp + ExitsOfAVcpu, vcpu.Exits);
                Assert.Equal((ulong)vcpu.Exits, guest.EventIdOf(i));
                Assert.Equal((ulong)vcpu.Blocked, guest.BlockedOf(i));
                Assert.InRange(vcpu.Checked, vcpu.Exits / 2, vcpu.Exits);
                Assert.InRange(vcpu.Blocked, vcpu.Exits / 20, vcpu.Exits / 3);
            }
        }

        Assert.Equal(allocated, guests.SelectMany(guest => guest.Vcpus).Select(vcpu => vcpu.Allocated));
        Assert.InRange(grown, long.MinValue, MemoryBound);
    }

    private static void Run(StressGuest[] guests, int exits)
    {
        Thread[] hooks = [.. guests.Select(guest => guest.HookThread())];
        Thread[] vcpus = [.. guests.SelectMany(guest => guest.VcpuThreads(exits))];
        foreach (Thread thread in hooks.Concat(vcpus))
            thread.Start();
        foreach (Thread thread in vcpus)
            thread.Join();
        foreach (StressGuest guest in guests)
            guest.StopHooks();
        foreach (Thread thread in hooks)
            thread.Join();
    }

    private static long Memory()
    {
        GC.Collect();
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
