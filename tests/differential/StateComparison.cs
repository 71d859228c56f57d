using System;
using System.Globalization;
using System.Text;
using Engine.Instructions.Emulation.State;

namespace Tests.Differential;

/// <summary>Compares extended state: registers, and not the bytes of an area, since what is in its initial state may have any.
/// </summary>
internal static class StateComparison
{
    private const int XmmOffset = 160;
    private const int XmmBytes = 256;
    private const int MxcsrOffset = 24;

    /// <summary>C0, C2 and C3, which stores to memory leave open.</summary>
    private const int OpenConditions = 0x4500;

    public static void Complain(StringBuilder text, Span<byte> ours, Span<byte> oracle)
    {
        Compare(text, "mxcsr", ours.Slice(MxcsrOffset, sizeof(uint)), oracle.Slice(MxcsrOffset, sizeof(uint)));
        ReadOnlySpan<byte> zeros = stackalloc byte[XmmBytes];
        Compare(
            text, "xmm", InUse(ours, XsaveState.Sse) ? ours.Slice(XmmOffset, XmmBytes) : zeros,
            InUse(oracle, XsaveState.Sse) ? oracle.Slice(XmmOffset, XmmBytes) : zeros);
        CompareFpu(text, ours, oracle);
        ReadOnlySpan<(int Component, string Name)> components =
        [
            (XsaveState.Avx, "ymm"), (XsaveState.Opmask, "k"), (XsaveState.ZmmHigh, "zmm"), (XsaveState.HighZmm, "zmm16"),
        ];
        foreach ((int component, string name) in components)
            CompareComponent(text, name, component, ours, oracle);
    }

    private static bool InUse(ReadOnlySpan<byte> area, int component) =>
        (BitConverter.ToUInt64(area[XsaveState.StateBvOffset..]) & (1UL << component)) != 0;

    private static void CompareComponent(StringBuilder text, string name, int component, Span<byte> ours, Span<byte> oracle)
    {
        int offset = XsaveLayout.OfThisProcessor.OffsetOf(component, 0);
        if (offset < 0)
            return;
        int size = XsaveLayout.OfThisProcessor.SizeOf(component);
        if (!InUse(ours, component))
            ours.Slice(offset, size).Clear();
        if (!InUse(oracle, component))
            oracle.Slice(offset, size).Clear();
        Compare(text, name, ours.Slice(offset, size), oracle.Slice(offset, size));
    }

    private static void CompareFpu(StringBuilder text, Span<byte> ours, Span<byte> oracle)
    {
        FpuImage mine = Image(ours);
        FpuImage theirs = Image(oracle);
        if (mine.Control != theirs.Control || ((mine.Status ^ theirs.Status) & ~OpenConditions) != 0 || mine.Tags != theirs.Tags)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $" x87 control {mine.Control:x} status {mine.Status:x} tags {mine.Tags:x} for {theirs.Control:x} {theirs.Status:x} {theirs.Tags:x};");
        }

        for (int i = 0; i < 8; i++)
            Compare(text, $"st{i}", mine.St(i)[..FpuImage.RegisterBytes], theirs.St(i)[..FpuImage.RegisterBytes]);
    }

    private static FpuImage Image(Span<byte> area)
    {
        FpuImage image = new(area[..FpuImage.ByteSize]);
        if (!InUse(area, XsaveState.X87))
        {
            for (int i = 0; i < 8; i++)
                image.St(i).Clear();
            image.Control = FpuImage.InitialControl;
            image.Status = 0;
            image.Tags = 0;
        }

        return image;
    }

    private static void Compare(StringBuilder text, string name, ReadOnlySpan<byte> ours, ReadOnlySpan<byte> oracle)
    {
        int at = ours.CommonPrefixLength(oracle);
        if (at == oracle.Length)
            return;
        int length = Math.Min(16, oracle.Length - at);
        text.Append(
            CultureInfo.InvariantCulture,
            $" {name}+{at} {Convert.ToHexStringLower(ours.Slice(at, length))} for {Convert.ToHexStringLower(oracle.Slice(at, length))};");
    }
}
