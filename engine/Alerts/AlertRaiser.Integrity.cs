using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Abi;

namespace Engine.Alerts;

/// <content>Alerts about memory that was found changed.</content>
internal sealed unsafe partial class AlertRaiser
{
    /// <summary>Reports changed memory. Nobody knows who did it, nor when.</summary>
    [SkipLocalsInit]
    public void RaiseIntegrity(in IntegrityAlert about)
    {
        if (!TryBegin())
            return;

        Unsafe.SkipInit(out EventIntegrityViolation alert);
        NativeMemory.Clear(&alert, (nuint)sizeof(EventIntegrityViolation));
        AlertHeader.Fill(
            ref alert.Header, null, about.Verdict, IntroActionReason.NoException, about.Mitre, _policy.KernelLogOnly);
        alert.VictimType = about.Victim;
        alert.VictimIdtEntry = about.IdtEntry;
        alert.BaseAddress = about.Base;
        alert.VirtualAddress = about.Address;
        alert.Size = (uint)about.Size;
        int shown = Math.Min(about.Old.Length, IntroWriteInfo.ValueBytes);
        alert.WriteInfo.Size = (uint)about.Old.Length;
        about.Old[..shown].CopyTo(new Span<byte>(alert.WriteInfo.OldValue, IntroWriteInfo.ValueBytes));
        about.New[..shown].CopyTo(new Span<byte>(alert.WriteInfo.NewValue, IntroWriteInfo.ValueBytes));

        int logged = Math.Min(shown, 16);
        ReadOnlySpan<byte> outcome = about.Action == IntroAction.NotAllowed ? "written back"u8 : "left as it is"u8;
        _hypervisor.Log.Write(
            IgLogLevel.Error,
            $"{about.Name} found changed at {about.Address:x}, old {about.Old[..logged]:hex} new {about.New[..logged]:hex}: {outcome}");
        Deliver(IntroEventType.IntegrityViolation, ref alert);
    }
}
