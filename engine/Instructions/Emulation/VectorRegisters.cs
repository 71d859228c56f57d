using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>
/// Reads XMM and YMM registers, and MXCSR, from an XSAVE area (SDM 1, 13.4). A component that the area marks as being in its
/// initial state is all zeros, whatever its bytes are.
/// </summary>
internal static class VectorRegisters
{
    private const int XmmBytes = 16;
    private const int MxcsrOffset = 24;
    private const int XmmOffset = 160;
    private const int StateBvOffset = 512;
    private const int CompactionOffset = 520;

    /// <summary>First of the extended components, in the standard and in the compacted format: the upper halves of YMM.</summary>
    private const int YmmHighOffset = 576;

    private const ulong SseState = 1 << 1;
    private const ulong AvxState = 1 << 2;
    private const ulong Compacted = 1UL << 63;

    /// <summary>Copies the low bytes of a register, 16 for XMM, 32 for YMM. False: it is not in the area.</summary>
    public static bool TryRead(ReadOnlySpan<byte> xsave, Register register, Span<byte> bytes)
    {
        bool wide = register.IsYMM();
        int number = wide ? register - Register.YMM0 : register - Register.XMM0;
        if (!(wide || register.IsXMM()) || number is < 0 or > 15 || xsave.Length < YmmHighOffset)
            return false;

        ulong states = BitConverter.ToUInt64(xsave[StateBvOffset..]);
        Copy(xsave, XmmOffset + (XmmBytes * number), (states & SseState) != 0, bytes[..XmmBytes]);
        if (!wide)
            return true;

        ulong compaction = BitConverter.ToUInt64(xsave[CompactionOffset..]);
        bool present = (states & AvxState) != 0;
        if (present && (xsave.Length < YmmHighOffset + (16 * XmmBytes) || ((compaction & Compacted) != 0 && (compaction & AvxState) == 0)))
            return false;
        Copy(xsave, YmmHighOffset + (XmmBytes * number), present, bytes.Slice(XmmBytes, XmmBytes));
        return true;
    }

    /// <summary>Reads MXCSR, which is saved with SSE or AVX state.</summary>
    public static bool TryReadMxcsr(ReadOnlySpan<byte> xsave, out uint value)
    {
        value = 0;
        if (xsave.Length < YmmHighOffset || (BitConverter.ToUInt64(xsave[StateBvOffset..]) & (SseState | AvxState)) == 0)
            return false;
        value = BitConverter.ToUInt32(xsave[MxcsrOffset..]);
        return true;
    }

    private static void Copy(ReadOnlySpan<byte> xsave, int offset, bool present, Span<byte> bytes)
    {
        if (present)
            xsave.Slice(offset, XmmBytes).CopyTo(bytes);
        else
            bytes.Clear();
    }
}
