using System;
using System.Numerics;
using Engine.Instructions.Emulation.State;
using Iced.Intel;

namespace Engine.Instructions.Emulation.Areas;

/// <summary>
/// XSAVE, XSAVEOPT, XSAVEC and XSAVES (SDM 1, 13.7 to 13.11).
/// </summary>
/// <remarks>XSAVEOPT and XSAVES may leave out what has not changed since it was restored from the same place; what they leave
/// out is there already, so that saving it is right. Not emulated where the area that the glue gives has no room for a component
/// that is saved: then its contents are not known.</remarks>
internal static class XsaveStores
{
    private const int Alignment = 64;
    private const ulong X87 = 1 << XsaveState.X87;
    private const ulong Sse = 1 << XsaveState.Sse;
    private const ulong Avx = 1 << XsaveState.Avx;
    private const uint InitialMxcsr = 0x1F80;

    public static bool Emulate(ref EmulationContext context)
    {
        Mnemonic mnemonic = context.Instruction.Mnemonic;
        bool isSupervisor = mnemonic is Mnemonic.Xsaves or Mnemonic.Xsaves64;
        bool isCompacted = isSupervisor || mnemonic is Mnemonic.Xsavec or Mnemonic.Xsavec64;
        bool skipsInitial = isCompacted || mnemonic is Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64;
        if (!context.MayUseXsave || (isSupervisor && !context.IsSupervisor) || !context.State.TryLoad() ||
            !context.TryXsaveFeatures(isSupervisor, out ulong features) ||
            !context.TryGpr(Register.EAX, out ulong low) || !context.TryGpr(Register.EDX, out ulong high))
        {
            return false;
        }

        ulong requested = features & ((high << 32) | low);
        if (!TrySize(context.State, requested, isCompacted, out int size) ||
            !context.TryLinearOperand(size, out ulong linear) || linear % Alignment != 0 ||
            !context.State.TryReadMxcsr(out uint mxcsr))
        {
            return false;
        }

        // MXCSR counts with SSE in the compacted format, and by itself in the standard one.
        ulong inUse = context.State.InUse & requested;
        if (isCompacted && (requested & Sse) != 0 && mxcsr != InitialMxcsr)
            inUse |= Sse;
        ulong saved = skipsInitial ? inUse : requested;
        Span<byte> area = context.BeginRuns(linear, size);
        if (!TryPutLegacy(ref context, area, saved, isCompacted ? saved & Sse : requested & (Sse | Avx)) ||
            !TryPutHeader(ref context, area, requested, inUse, isCompacted))
        {
            return false;
        }

        for (ulong rest = saved & ~(X87 | Sse); rest != 0; rest &= rest - 1)
        {
            if (!TryPutComponent(ref context, area, BitOperations.TrailingZeroCount(rest), requested, isCompacted))
                return false;
        }

        return true;
    }

    /// <summary>Bytes from the first to the last that may be written. False: a component is not known here.</summary>
    private static bool TrySize(ExtendedState state, ulong requested, bool isCompacted, out int size)
    {
        size = XsaveLayout.ExtendedOffset;
        for (ulong rest = requested & ~(X87 | Sse); rest != 0; rest &= rest - 1)
        {
            int component = BitOperations.TrailingZeroCount(rest);
            int offset = state.Layout.OffsetOf(component, isCompacted ? requested | XsaveState.Compacted : 0);
            if (offset < 0 || !state.HasRoomFor(component))
                return false;
            size = Math.Max(size, offset + state.Layout.SizeOf(component));
        }

        return size <= Limits.MaxXsaveBytes;
    }

    private static bool TryPutLegacy(ref EmulationContext context, Span<byte> area, ulong saved, ulong mxcsr)
    {
        ulong linear = context.Store.Linear;
        if ((saved & X87) != 0)
        {
            if (!LegacyArea.TryPutFpu(context.State, area, IsWide(context.Instruction.Mnemonic)))
                return false;
            context.AddRun(linear, 0, LegacyArea.MxcsrOffset);
            context.AddRun(linear + 32, 32, LegacyArea.XmmOffset - 32);
        }

        if (mxcsr != 0)
        {
            if (!LegacyArea.TryPutMxcsr(context.State, area))
                return false;
            context.AddRun(linear + LegacyArea.MxcsrOffset, LegacyArea.MxcsrOffset, LegacyArea.MxcsrBytes);
        }

        if ((saved & Sse) != 0)
        {
            int count = context.Is64Bit ? 16 : 8;
            if (!LegacyArea.TryPutXmm(context.State, area, count))
                return false;
            context.AddRun(linear + LegacyArea.XmmOffset, LegacyArea.XmmOffset, count * LegacyArea.XmmBytes);
        }

        return true;
    }

    /// <summary>XSTATE_BV, of which the standard format keeps what was not asked for; XCOMP_BV in the compacted one.</summary>
    private static bool TryPutHeader(ref EmulationContext context, Span<byte> area, ulong requested, ulong inUse, bool isCompacted)
    {
        int offset = XsaveState.StateBvOffset;
        ulong linear = context.Store.Linear + (ulong)offset;
        ulong before = 0;
        if (!isCompacted && !context.TryReadSource(linear, sizeof(ulong), out before))
            return false;

        BitConverter.TryWriteBytes(area[offset..], (before & ~requested) | inUse);
        BitConverter.TryWriteBytes(area[(offset + sizeof(ulong))..], requested | XsaveState.Compacted);
        context.AddRun(linear, offset, isCompacted ? 2 * sizeof(ulong) : sizeof(ulong));
        return true;
    }

    /// <summary>A component from AVX on. Outside of 64-bit code there are eight registers.</summary>
    private static bool TryPutComponent(
        ref EmulationContext context, Span<byte> area, int component, ulong requested, bool isCompacted)
    {
        ExtendedState state = context.State;
        int offset = state.Layout.OffsetOf(component, isCompacted ? requested | XsaveState.Compacted : 0);
        int size = state.Layout.SizeOf(component);
        if (!context.Is64Bit)
        {
            size = component switch
            {
                XsaveState.Avx or XsaveState.ZmmHigh => size / 2, XsaveState.HighZmm => 0, _ => size,
            };
        }

        if (!state.TryComponent(component, out ReadOnlySpan<byte> bytes))
            return false;
        if (bytes.IsEmpty)
            area.Slice(offset, size).Clear();
        else
            bytes[..size].CopyTo(area[offset..]);
        context.AddRun(context.Store.Linear + (ulong)offset, offset, size);
        return true;
    }

    private static bool IsWide(Mnemonic mnemonic) =>
        mnemonic is Mnemonic.Xsave64 or Mnemonic.Xsaveopt64 or Mnemonic.Xsavec64 or Mnemonic.Xsaves64;
}
