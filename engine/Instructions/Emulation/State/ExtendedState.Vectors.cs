using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation.State;

/// <content>XMM, YMM, ZMM and K registers, and MXCSR.</content>
internal sealed partial class ExtendedState
{
    /// <summary>Bytes of the longest vector register.</summary>
    public const int VectorBytes = 64;

    private const int MxcsrOffset = 24;
    private const int XmmOffset = 160;
    private const int XmmBytes = 16;
    private const int ZmmHighBytes = 32;
    private const int LegacyRegisters = 16;
    private const uint InitialMxcsr = 0x1F80;

    /// <summary>Copies a vector register, as many bytes as it has, to the start of <paramref name="bytes"/>, which has room for the
    /// longest. False: it is not known.</summary>
    public bool TryReadVector(Register register, Span<byte> bytes)
    {
        if (!TryNumber(register, out int number, out int size) || !TryLoad())
            return false;
        if (number >= LegacyRegisters)
        {
            if (!TryComponent(XsaveState.HighZmm, out ReadOnlySpan<byte> whole))
                return false;
            Copy(whole, VectorBytes * (number - LegacyRegisters), bytes[..size]);
            return true;
        }

        Copy((InUse & (1UL << XsaveState.Sse)) != 0 ? _area : default, XmmOffset + (XmmBytes * number), bytes[..XmmBytes]);
        return (size <= XmmBytes || TryReadPart(XsaveState.Avx, number, bytes.Slice(XmmBytes, XmmBytes))) &&
            (size <= 2 * XmmBytes || TryReadPart(XsaveState.ZmmHigh, number, bytes.Slice(ZmmHighBytes, ZmmHighBytes)));
    }

    /// <summary>
    /// Sets the low bytes of a vector register. <paramref name="clears"/>: all above become zero, up to the longest register that the
    /// processor has, as VEX and EVEX do; else they stay, as SSE leaves them. False: the area has no room for it.
    /// </summary>
    public bool TrySetVector(Register register, ReadOnlySpan<byte> bytes, bool clears)
    {
        if (!TryNumber(register, out int number, out _) || !TryLoad())
            return false;
        if (number >= LegacyRegisters)
        {
            if (!TryChange(XsaveState.HighZmm, out Span<byte> registers))
                return false;
            Span<byte> whole = registers.Slice(VectorBytes * (number - LegacyRegisters), VectorBytes);
            bytes.CopyTo(whole);
            whole[bytes.Length..].Clear();
            return true;
        }

        BeginChange();
        if ((InUse & (1UL << XsaveState.Sse)) == 0)
            ClearSse();
        MarkInUse(XsaveState.Sse);
        int low = Math.Min(bytes.Length, XmmBytes);
        bytes[..low].CopyTo(_area.AsSpan(XmmOffset + (XmmBytes * number)));
        if (clears)
            _area.AsSpan(XmmOffset + (XmmBytes * number) + low, XmmBytes - low).Clear();
        return TrySetPart(XsaveState.Avx, number, bytes, XmmBytes, XmmBytes, clears) &&
            TrySetPart(XsaveState.ZmmHigh, number, bytes, ZmmHighBytes, ZmmHighBytes, clears);
    }

    /// <summary>Reads a mask register.</summary>
    public bool TryReadMask(Register register, out ulong value)
    {
        value = 0;
        if (!register.IsK() || !TryLoad() || !TryComponent(XsaveState.Opmask, out ReadOnlySpan<byte> masks))
            return false;
        if (!masks.IsEmpty)
            value = BitConverter.ToUInt64(masks[(sizeof(ulong) * (register - Register.K0))..]);
        return true;
    }

    /// <summary>Sets a mask register.</summary>
    public bool TrySetMask(Register register, ulong value) =>
        register.IsK() && TryLoad() && TryChange(XsaveState.Opmask, out Span<byte> masks) &&
        BitConverter.TryWriteBytes(masks[(sizeof(ulong) * (register - Register.K0))..], value);

    /// <summary>Reads MXCSR. The standard format has it always, the compacted one with SSE state.</summary>
    public bool TryReadMxcsr(out uint value)
    {
        value = InitialMxcsr;
        if (!TryLoad())
            return false;
        if (!IsCompacted || (InUse & (1UL << XsaveState.Sse)) != 0)
            value = BitConverter.ToUInt32(_area, MxcsrOffset);
        return true;
    }

    /// <summary>The bits of MXCSR that the processor knows, as the area says.</summary>
    public uint MxcsrMask => BitConverter.ToUInt32(_area, MxcsrOffset + sizeof(uint));

    /// <summary>Sets MXCSR.</summary>
    public bool TrySetMxcsr(uint value)
    {
        if (!TryLoad())
            return false;
        BeginChange();
        if ((InUse & (1UL << XsaveState.Sse)) == 0)
            ClearSse();
        MarkInUse(XsaveState.Sse);
        return BitConverter.TryWriteBytes(_area.AsSpan(MxcsrOffset), value);
    }

    private static bool TryNumber(Register register, out int number, out int size)
    {
        Register first = register.IsXMM() ? Register.XMM0 : register.IsYMM() ? Register.YMM0 : Register.ZMM0;
        number = register - first;
        size = register.GetSize();
        return register.IsXMM() || register.IsYMM() || register.IsZMM();
    }

    private bool TryReadPart(int component, int number, Span<byte> bytes)
    {
        if (!TryComponent(component, out ReadOnlySpan<byte> registers))
            return false;
        Copy(registers, bytes.Length * number, bytes);
        return true;
    }

    /// <summary>Sets that part of a register that a component holds, [from, from + size) of its bytes.</summary>
    private bool TrySetPart(int component, int number, ReadOnlySpan<byte> bytes, int from, int size, bool clears)
    {
        bool reaches = bytes.Length > from;

        // What is in its initial state is zero already; a processor or an area without the component has nothing to clear.
        if (!reaches && (!clears || (InUse & (1UL << component)) == 0))
            return true;
        if (!TryChange(component, out Span<byte> registers))
            return false;

        Span<byte> part = registers.Slice(size * number, size);
        part.Clear();
        if (reaches)
            bytes[from..Math.Min(bytes.Length, from + size)].CopyTo(part);
        return true;
    }

    private void ClearSse()
    {
        if (IsCompacted)
            BitConverter.TryWriteBytes(_area.AsSpan(MxcsrOffset), InitialMxcsr);
        _area.AsSpan(XmmOffset, XmmBytes * LegacyRegisters).Clear();
    }

    private static void Copy(ReadOnlySpan<byte> from, int offset, Span<byte> to)
    {
        if (from.IsEmpty)
            to.Clear();
        else
            from.Slice(offset, to.Length).CopyTo(to);
    }
}
