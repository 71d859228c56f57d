using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Engine;
using Engine.Concurrency;
using Xunit;

namespace Tests.Unit;

public sealed unsafe class RetireListTests
{
    private const ulong Alive = 0xA11E_A11E_A11E_A11E;

    [Fact]
    public void ABlockStaysUntilTheClaimsFromBeforeAreGone()
    {
        ClaimTable claims = new(2);
        using RetireList retired = new(claims);
        Assert.True(retired.IsEmpty);
        Assert.True(claims.TryClaim(0));
        retired.Retire(NewBlock(), 64);
        Assert.True(claims.TryClaim(1));
        retired.Collect();
        Assert.False(retired.IsEmpty);
        claims.Release(0);
        retired.Collect();
        Assert.True(retired.IsEmpty);
    }

    [Fact]
    public void BlocksAreFreedInTheOrderOfTheirEpochs()
    {
        const int Part = (int)Limits.MaxRetiredBytes / 100;
        ClaimTable claims = new(1);
        using RetireList retired = new(claims);
        retired.Retire(NewBlock(), Part);
        Assert.True(claims.TryClaim(0));
        for (int i = 0; i < 100; i++)
        {
            Assert.False(retired.IsFull);
            retired.Retire(NewBlock(), Part);
        }

        Assert.True(retired.IsFull);
        Assert.Equal(101L * Part, retired.Bytes);
        retired.Collect();
        Assert.False(retired.IsFull);
        Assert.False(retired.IsEmpty);
        claims.Release(0);
        retired.Collect();
        Assert.True(retired.IsEmpty);
    }

    [Fact]
    public void FreeAllFreesWhatIsHeldToo()
    {
        ClaimTable claims = new(1);
        using RetireList retired = new(claims);
        Assert.True(claims.TryClaim(0));
        retired.Retire(NewBlock(), 64);
        retired.FreeAll();
        Assert.True(retired.IsEmpty);
        retired.Collect();
    }

    [Fact]
    public void ReadersNeverSeeAFreedBlock()
    {
        // A freed block's first words are the allocator's: a reader that finds them changed was left behind.
        ClaimTable claims = new(3);
        using RetireList retired = new(claims);
        nint published = (nint)NewBlock();
        long reads = 0, torn = 0;
        bool stop = false;
        Thread[] readers = [.. Enumerable.Range(0, 3).Select(number => new Thread(() =>
        {
            uint vcpu = (uint)number;
            while (!Volatile.Read(ref stop))
            {
                Assert.True(claims.TryClaim(vcpu));
                ulong* block = (ulong*)Volatile.Read(ref published);
                for (int i = 0; i < 20; i++)
                {
                    if (Volatile.Read(ref block[i & 7]) != Alive)
                        Interlocked.Increment(ref torn);
                }

                claims.Release(vcpu);
                if (!retired.IsEmpty)
                    retired.Collect();
                Interlocked.Increment(ref reads);
            }
        }))];
        foreach (Thread reader in readers)
            reader.Start();

        int replaced = 0;
        long until = Environment.TickCount64 + 1500;
        while (Environment.TickCount64 < until)
        {
            if (retired.IsFull)
            {
                Thread.Yield();
                continue;
            }

            nint old = Interlocked.Exchange(ref published, (nint)NewBlock());
            retired.Retire((void*)old, 64);
            replaced++;
        }

        Volatile.Write(ref stop, true);
        foreach (Thread reader in readers)
            reader.Join();
        retired.Collect();
        Assert.True(retired.IsEmpty);
        NativeMemory.Free((void*)published);
        Assert.Equal(0, torn);
        Assert.InRange(replaced, 100, int.MaxValue);
        Assert.InRange(reads, 100, long.MaxValue);
    }

    private static void* NewBlock()
    {
        ulong* block = (ulong*)NativeMemory.Alloc(64);
        new Span<ulong>(block, 8).Fill(Alive);
        return block;
    }
}
