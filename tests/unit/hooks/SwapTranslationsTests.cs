using System;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Injection;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>A read of absent memory goes on when the store that brings its page has landed.</summary>
public sealed class SwapTranslationsTests : IDisposable, ISwapInHandler
{
    private const ulong Linear = 0xFFFF_8000_1234_5000;
    private const ulong Page = 0x9000;
    private const ulong Flags = PageTables.Present | PageTables.Writable;

    private readonly HookMachine _machine = new();
    private readonly SwapMemory _swap;
    private readonly List<byte[]> _read = [];
    private int _cancelled;

    public SwapTranslationsTests()
    {
        _machine.Tables.Map(Linear, 0x5000);
        _machine.Ram.Write(Entry, 0UL);
        _machine.Ram.WriteBytes(Page + 0x10, 1, 2, 3, 4);
        _swap = new SwapMemory(
            _machine.Memory, new RegisterAccess(_machine.Hypervisor, 1, appliesDirtyMask: true), _machine.Injector, _ => { }, () => { });
        _swap.Watch = new SwapTranslations(_machine.Translations, _swap);
    }

    private ulong Entry => _machine.Tables.EntryAddress(Linear, 1);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void APageThatComesIsReadOnceItsEntryHasLanded()
    {
        Assert.NotEqual(0UL, Begin());
        Assert.Equal(IntroAction.Allowed, _machine.Judge(Entry, Page | Flags));
        Assert.Empty(_read);
        _machine.Ram.Write(Entry, Page | Flags);
        _machine.Store(0x20000, 1);
        Assert.Equal([1, 2, 3, 4], Assert.Single(_read));
        Assert.Equal((0, 0), (_swap.Count, _machine.Translations.Count));
        _machine.Hooks.Commit();
        Assert.Equal(0, _machine.Host.WithdrawnFrames);
    }

    [Fact]
    public void AReadThatIsCancelledWatchesNothing()
    {
        ulong handle = Begin();
        Assert.Equal(1, _machine.Translations.Count);
        Assert.True(_swap.Cancel(handle));
        Assert.Equal((1, 0), (_cancelled, _machine.Translations.Count));
        _machine.Store(Entry, Page | Flags);
        _machine.Store(0x20000, 1);
        Assert.Empty(_read);
    }

    [Fact]
    public void OneThatWasFoundByTheTimerIsReadAtOnce()
    {
        Begin();
        _machine.Ram.Write(Entry, Page | Flags);
        Assert.NotEqual(0, _machine.Translations.Recheck(64));
        Assert.Equal([1, 2, 3, 4], Assert.Single(_read));
    }

    void ISwapInHandler.OnData(ulong cookie, in SwapInData data) => _read.Add(data.Bytes.ToArray());

    void ISwapInHandler.OnCancelled(ulong cookie) => _cancelled++;

    private ulong Begin()
    {
        SwapInRequest request = new()
        {
            Paging = _machine.Tables.Context, IsKernel = true, Linear = Linear + 0x10, Length = 4, Options = SwapInOptions.NoFault,
            Handler = this,
        };
        Assert.Equal(IntStatus.Success, _swap.Read(in request, out ulong handle));
        return handle;
    }
}
