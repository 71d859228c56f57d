using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;

namespace Engine.Hooks;

/// <summary>
/// The hooks on registers: a handful, in immutable arrays by kind that are replaced as a whole. The first hook on a register enables its
/// exit, the last one disables it; the first of a kind registers the kind's handler with the glue, the last unregisters it
/// (spec/13, section 8).
/// </summary>
/// <remarks>Thread safety: exits read the array without a lock, so that a hook may be removed from inside its own callback. Changes
/// are made by one thread at a time, which the owner sees to; the glue is called without a lock.</remarks>
internal sealed class RegisterHooks
{
    private readonly Hypervisor _hypervisor;
    private readonly RegisterExitHandlers _exits;
    private readonly List<(uint Msr, bool EnabledBefore)> _msrs = [];
    private readonly RegisterHook[][] _byKind = [[], [], [], []];
    private RegisterHook[] _hooks = [];

    public RegisterHooks(Hypervisor hypervisor, in RegisterExitHandlers exits)
    {
        _hypervisor = hypervisor;
        _exits = exits;
    }

    /// <summary>Hooks a register. Fails, with nothing changed, when its exit cannot be enabled.</summary>
    /// <param name="kind">Kind of the register.</param>
    /// <param name="number">Its number.</param>
    /// <param name="handler">Who is asked.</param>
    /// <param name="access">About what: of a model-specific register, reads, writes or both.</param>
    /// <param name="filter">Which changes of the value are of interest; by default, every access.</param>
    public IntStatus Set(
        RegisterKind kind, uint number, IRegisterHookHandler handler, MsrAccess access = MsrAccess.Write, RegisterFilter filter = default)
    {
        RegisterHook[] old = _hooks;
        IntStatus status = IntStatus.Success;
        if (!Array.Exists(old, hook => hook.Kind == kind))
            status = Register(kind, on: true);
        bool registered = status.IsSuccess();
        if (registered && !Array.Exists(old, hook => hook.Kind == kind && hook.Number == number))
            status = EnableExit(kind, number);
        if (!status.IsSuccess())
        {
            if (registered && !Array.Exists(old, hook => hook.Kind == kind))
                Register(kind, on: false);
            return status;
        }

        Publish([.. old, new RegisterHook(kind, number, handler, access, filter)]);
        return IntStatus.Success;
    }

    /// <summary>Removes all hooks of a handler.</summary>
    public void Remove(IRegisterHookHandler handler)
    {
        RegisterHook[] old = _hooks;
        RegisterHook[] kept = Array.FindAll(old, hook => hook.Handler != handler);
        Publish(kept);
        foreach (RegisterHook gone in Array.FindAll(old, hook => hook.Handler == handler))
        {
            if (!Array.Exists(kept, hook => hook.Kind == gone.Kind && hook.Number == gone.Number))
                DisableExit(gone.Kind, gone.Number);
        }

        foreach (RegisterKind kind in Enum.GetValues<RegisterKind>())
        {
            if (Array.Exists(old, hook => hook.Kind == kind) && !Array.Exists(kept, hook => hook.Kind == kind))
                Register(kind, on: false);
        }
    }

    /// <summary>Whether a register is hooked.</summary>
    public bool Has(RegisterKind kind, uint number)
    {
        foreach (RegisterHook hook in Volatile.Read(ref _byKind[(int)kind]))
        {
            if (hook.Number == number)
                return true;
        }

        return false;
    }

    /// <summary>Tells whether a hook on a register waits for this access: if not, none need be asked.</summary>
    /// <param name="kind">Kind of the register.</param>
    /// <param name="number">Its number.</param>
    /// <param name="access">The access.</param>
    /// <param name="oldValue">Value before.</param>
    /// <param name="newValue">Value after, if it is allowed.</param>
    /// <param name="hooked">Whether there is a hook, waiting or not, while the answer is false.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool WaitFor(RegisterKind kind, uint number, MsrAccess access, ulong oldValue, ulong newValue, out bool hooked)
    {
        hooked = false;
        foreach (RegisterHook hook in Volatile.Read(ref _byKind[(int)kind]))
        {
            if (!hook.Is(number, access))
                continue;
            hooked = true;
            if (hook.Filter.Passes(oldValue, newValue))
                return true;
        }

        return false;
    }

    /// <summary>Asks every hook on a register for this access; the largest action wins. False: there is none.</summary>
    public bool Ask(ref RegisterWrite write, out IntroAction action)
    {
        action = IntroAction.Allowed;
        bool found = false;
        foreach (RegisterHook hook in Volatile.Read(ref _byKind[(int)write.Kind]))
        {
            if (!hook.Is(write.Number, write.Access))
                continue;
            found = true;
            action = (IntroAction)Math.Max((int)action, (int)hook.Handler.OnWrite(ref write));
        }

        return found;
    }

    /// <summary>Tells every hook on a table register what becomes of a load.</summary>
    public void Tell(ref RegisterWrite write, IntroAction final)
    {
        foreach (RegisterHook hook in Volatile.Read(ref _byKind[(int)write.Kind]))
        {
            if (hook.Number == write.Number)
                hook.Handler.OnOutcome(ref write, final);
        }
    }

    private void Publish(RegisterHook[] hooks)
    {
        _hooks = hooks;
        foreach (RegisterKind kind in Enum.GetValues<RegisterKind>())
            Volatile.Write(ref _byKind[(int)kind], Array.FindAll(hooks, hook => hook.Kind == kind));
    }

    private IntStatus Register(RegisterKind kind, bool on) => kind switch
    {
        RegisterKind.Cr => _hypervisor.RegisterCrHandler(on ? _exits.Cr : 0),
        RegisterKind.Msr => _hypervisor.RegisterMsrHandler(on ? _exits.Msr : 0),
        RegisterKind.Dtr => _hypervisor.RegisterDtrHandler(on ? _exits.Dtr : 0),
        _ => _hypervisor.RegisterXcrHandler(on ? _exits.Xcr : 0),
    };

    private IntStatus EnableExit(RegisterKind kind, uint number)
    {
        switch (kind)
        {
            case RegisterKind.Cr:
                return _hypervisor.EnableCrExit(number);
            case RegisterKind.Msr:
                IntStatus status = _hypervisor.EnableMsrExit(number, out bool before);
                if (status.IsSuccess())
                    _msrs.Add((number, before));
                return status;
            default:
                return IntStatus.Success;
        }
    }

    private void DisableExit(RegisterKind kind, uint number)
    {
        if (kind == RegisterKind.Cr)
            _hypervisor.DisableCrExit(number);
        if (kind != RegisterKind.Msr)
            return;

        // An exit that was enabled before ours stays.
        int index = _msrs.FindIndex(entry => entry.Msr == number);
        if (!_msrs[index].EnabledBefore)
            _hypervisor.DisableMsrExit(number);
        _msrs.RemoveAt(index);
    }
}
