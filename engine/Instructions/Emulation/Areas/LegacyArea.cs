using System;
using Engine.Instructions.Emulation.State;

namespace Engine.Instructions.Emulation.Areas;

/// <summary>The first 512 bytes of an XSAVE area, which are those of FXSAVE (SDM 1, 10.5.1 and 13.4.1).</summary>
internal static class LegacyArea
{
    public const int ByteSize = 512;
    public const int MxcsrOffset = 24;
    public const int MxcsrBytes = 8;
    public const int XmmOffset = 160;
    public const int XmmBytes = 16;

    private const int PointersEnd = 24;
    private const int RegistersStart = 32;

    /// <summary>Fills in x87 state. <paramref name="isWide"/>: pointers of 64 bits, else of 32 with selectors, which are 0.</summary>
    public static bool TryPutFpu(ExtendedState state, Span<byte> area, bool isWide)
    {
        Span<byte> bytes = stackalloc byte[FpuImage.ByteSize];
        if (!state.TryReadFpu(bytes))
            return false;
        if (!isWide)
        {
            FpuImage image = new(bytes);
            image.InstructionPointer = (uint)image.InstructionPointer;
            image.DataPointer = (uint)image.DataPointer;
        }

        bytes[..PointersEnd].CopyTo(area);
        area[5] = 0;
        for (int i = 0; i < 8; i++)
        {
            int offset = RegistersStart + (i * 16);
            bytes.Slice(offset, FpuImage.RegisterBytes).CopyTo(area[offset..]);
            area.Slice(offset + FpuImage.RegisterBytes, 16 - FpuImage.RegisterBytes).Clear();
        }

        return true;
    }

    /// <summary>Fills in MXCSR and its mask.</summary>
    public static bool TryPutMxcsr(ExtendedState state, Span<byte> area)
    {
        if (!state.TryReadMxcsr(out uint mxcsr))
            return false;
        BitConverter.TryWriteBytes(area[MxcsrOffset..], mxcsr);
        BitConverter.TryWriteBytes(area[(MxcsrOffset + sizeof(uint))..], state.MxcsrMask);
        return true;
    }

    /// <summary>Fills in XMM0 and so many that follow.</summary>
    public static bool TryPutXmm(ExtendedState state, Span<byte> area, int count)
    {
        Span<byte> register = stackalloc byte[ExtendedState.VectorBytes];
        for (int i = 0; i < count; i++)
        {
            if (!state.TryReadVector(Iced.Intel.Register.XMM0 + i, register))
                return false;
            register[..XmmBytes].CopyTo(area[(XmmOffset + (i * XmmBytes))..]);
        }

        return true;
    }
}
