using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Sessions;

namespace Exports;

/// <summary>Frame hooks whose verdict a C test gives: the real hooks of the guest's engine, with this as their handler.</summary>
/// <remarks>Thread safety: hooks are set and removed by one thread at a time; OnAccess by any number.</remarks>
internal sealed unsafe class TestFrameHooks : IFrameHookHandler
{
    private static readonly ConditionalWeakTable<ActiveGuest, TestFrameHooks> s_ofGuests = [];

    private readonly FrameHooks _hooks;
    private readonly ushort _handler;
    private TestFrameHook[] _entries = new TestFrameHook[16];
    private int _count;

    private TestFrameHooks(FrameHooks hooks)
    {
        _hooks = hooks;
        _handler = hooks.AddHandler(this);
    }

    /// <summary>Those of a guest.</summary>
    public static TestFrameHooks Of(ActiveGuest guest) => s_ofGuests.GetValue(guest, g => new TestFrameHooks(g.FrameHooks));

    /// <summary>Hooks length bytes from where the entry begins, within one frame.</summary>
    public IntStatus Set(int length, EptAccess access, in TestFrameHook entry)
    {
        // An exit may still be using the array that was there before.
        if (_count == _entries.Length)
            _entries = [.. _entries, .. new TestFrameHook[_count]];
        _entries[_count] = entry;
        IntStatus status = _hooks.Set(entry.Gpa, length, access, _handler, (ulong)_count++);
        return status.IsSuccess() ? Commit() : status;
    }

    /// <summary>Removes every hook that begins there.</summary>
    public IntStatus Remove(ulong gpa)
    {
        TestFrameHook[] entries = _entries;
        for (int i = 0; i < _count; i++)
        {
            if (entries[i].Gpa == gpa)
                _hooks.Remove(gpa, _handler, (ulong)i);
        }

        return Commit();
    }

    /// <summary>When it returns, what was changed is in force.</summary>
    private IntStatus Commit()
    {
        IntStatus status = _hooks.Commit();
        while (status == IntStatus.Busy)
            status = _hooks.Commit();
        return status;
    }

    /// <inheritdoc/>
    public IntroAction OnAccess(ref FrameAccess access, in FrameHook hook)
    {
        ref readonly TestFrameHook entry = ref _entries[hook.Cookie];
        uint vcpu = access.Vcpu == null ? uint.MaxValue : access.Vcpu->Index;
        fixed (byte* data = access.Data)
        {
            IntroAction action = entry.Judge(entry.Context, vcpu, access.Gpa, access.Gla, (uint)access.Size, data);
            access.Reported = action == IntroAction.NotAllowed;
            return action;
        }
    }
}
