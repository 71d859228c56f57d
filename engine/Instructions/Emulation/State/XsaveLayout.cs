using System.Runtime.Intrinsics.X86;

namespace Engine.Instructions.Emulation.State;

/// <summary>
/// Where the components of extended state lie in an XSAVE area (SDM 1, 13.4): in the standard format at places that the processor
/// tells, in the compacted one after each other. Makers differ (AVX-512 state of Intel's is elsewhere than AMD's), so that
/// nothing of it is a constant.
/// </summary>
/// <remarks>Thread safety: immutable.</remarks>
internal sealed class XsaveLayout
{
    /// <summary>First byte after the header: where components from AVX on begin.</summary>
    public const int ExtendedOffset = 576;

    private const int ComponentCount = 32;
    private const int Leaf = 0xD;
    private const int LineMask = 63;

    private readonly int[] _sizes = new int[ComponentCount];
    private readonly int[] _offsets = new int[ComponentCount];
    private uint _aligned;

    /// <summary>The layout of the processor that this process runs on, which is the one that a hypervisor saves state on.</summary>
    public static XsaveLayout OfThisProcessor { get; } = FromProcessor();

    /// <summary>Adds a component: its bytes, its place in the standard format (0: none, the kernel's own), and whether it begins at a
    /// multiple of 64 bytes in the compacted one. For the time of building alone.</summary>
    public void Add(int component, int size, int offset, bool isAligned)
    {
        _sizes[component] = size;
        _offsets[component] = offset;
        if (isAligned)
            _aligned |= 1U << component;
    }

    /// <summary>Bytes of a component, 2 to 31; 0: this processor does not have it.</summary>
    public int SizeOf(int component) => component < ComponentCount ? _sizes[component] : 0;

    /// <summary>Place of a component, 2 to 31, in an area whose XCOMP_BV is <paramref name="compaction"/>. Negative: it has none
    /// there.</summary>
    public int OffsetOf(int component, ulong compaction)
    {
        if (SizeOf(component) == 0)
            return -1;
        if ((compaction & XsaveState.Compacted) == 0)
            return _offsets[component] == 0 ? -1 : _offsets[component];
        if ((compaction & (1UL << component)) == 0)
            return -1;

        int offset = ExtendedOffset;
        for (int i = XsaveState.Avx; i <= component; i++)
        {
            if ((compaction & (1UL << i)) == 0)
                continue;
            if (_sizes[i] == 0)
                return -1;
            if ((_aligned & (1U << i)) != 0)
                offset = (offset + LineMask) & ~LineMask;
            if (i < component)
                offset += _sizes[i];
        }

        return offset;
    }

    private static XsaveLayout FromProcessor()
    {
        const int OffsetKind = 1, Aligned = 2;
        XsaveLayout layout = new();
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < Leaf)
            return layout;

        for (int i = XsaveState.Avx; i < ComponentCount; i++)
        {
            (int size, int offset, int kind, int _) = X86Base.CpuId(Leaf, i);
            bool hasStandardPlace = (kind & OffsetKind) == 0;
            if (size is > 0 and <= Limits.MaxXsaveBytes && offset >= 0 && offset <= Limits.MaxXsaveBytes - size)
                layout.Add(i, size, hasStandardPlace ? offset : 0, (kind & Aligned) != 0);
        }

        return layout;
    }
}
