using System;

namespace Engine.Instructions.Emulation.State;

/// <content>x87 state, the MMX registers with it.</content>
internal sealed partial class ExtendedState
{
    private const int PointersEnd = 24;
    private const int RegistersStart = 32;

    /// <summary>Copies x87 state to an image of <see cref="FpuImage.ByteSize"/> bytes.</summary>
    public bool TryReadFpu(Span<byte> image)
    {
        if (!TryLoad())
            return false;
        if ((InUse & (1UL << XsaveState.X87)) != 0)
        {
            _area.AsSpan(0, FpuImage.ByteSize).CopyTo(image);
            return true;
        }

        image.Clear();
        FpuImage initial = new(image);
        initial.Control = FpuImage.InitialControl;
        return true;
    }

    /// <summary>Sets x87 state from an image, if it differs. What lies between pointers and registers belongs to SSE.</summary>
    public bool TrySetFpu(ReadOnlySpan<byte> image)
    {
        Span<byte> before = stackalloc byte[FpuImage.ByteSize];
        if (!TryReadFpu(before))
            return false;
        if (before[..PointersEnd].SequenceEqual(image[..PointersEnd]) && before[RegistersStart..].SequenceEqual(image[RegistersStart..]))
            return true;

        BeginChange();
        image[..PointersEnd].CopyTo(_area);
        image[RegistersStart..].CopyTo(_area.AsSpan(RegistersStart));
        MarkInUse(XsaveState.X87);
        return true;
    }
}
