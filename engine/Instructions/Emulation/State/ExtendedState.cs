using System;
using Engine.Abi;
using Engine.Hosting;

namespace Engine.Instructions.Emulation.State;

/// <summary>
/// The extended state of one vCPU (x87, MMX, SSE, AVX, AVX-512) as its XSAVE area, standard or compacted: asked of the glue once
/// an instruction needs it, changed in a copy, and given back when the instruction is performed (SDM 1, 13.4).
/// </summary>
/// <remarks>A component that the area marks as being in its initial state has its initial values, whatever its bytes are. Buffers
/// are made once a vCPU, the first time that they matter. Thread safety: one instance a vCPU, used by the thread that claimed it.
/// </remarks>
internal sealed partial class ExtendedState
{
    private const uint Ia32Xss = 0xDA0;

    private readonly XsaveLayout _layout;
    private byte[] _area = [];
    private byte[] _before = [];
    private int _size;
    private Hypervisor? _hypervisor;
    private uint _vcpu;
    private bool _isLoaded;

    public ExtendedState(XsaveLayout layout) => _layout = layout;

    /// <summary>Where components lie.</summary>
    public XsaveLayout Layout => _layout;

    /// <summary>Whether the instruction changes something of it.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>Begins an instruction: what was known is forgotten. <paramref name="hypervisor"/>: who is asked; null: nothing is known.
    /// </summary>
    public void Begin(Hypervisor? hypervisor, uint vcpu)
    {
        _hypervisor = hypervisor;
        _vcpu = vcpu;
        _isLoaded = false;
        _size = 0;
        IsChanged = false;
    }

    /// <summary>Begins an instruction with an area that is known.</summary>
    public void Begin(ReadOnlySpan<byte> area)
    {
        Begin(hypervisor: null, 0);
        area.CopyTo(Room(area.Length));
        _size = area.Length;
        _isLoaded = true;
    }

    /// <summary>The area as it is after the instruction; empty where it is not known.</summary>
    public ReadOnlySpan<byte> Area => _area.AsSpan(0, _size);

    /// <summary>Makes sure that the area is here. False: the glue does not give it.</summary>
    public bool TryLoad()
    {
        if (_isLoaded)
            return _size != 0;

        _isLoaded = true;
        uint size = 0;
        if (_hypervisor is null || !_hypervisor.Query(QueryInfoClass.XsaveSize, _vcpu, ref size).IsSuccess() ||
            size is < XsaveLayout.ExtendedOffset or > Limits.MaxXsaveBytes ||
            !_hypervisor.QueryBytes(QueryInfoClass.XsaveArea, _vcpu, Room((int)size)).IsSuccess())
        {
            return false;
        }

        _size = (int)size;
        return true;
    }

    /// <summary>Gives the changed area back to the glue. False: it does not take it.</summary>
    public bool TryCommit() => !IsChanged || TrySet(_area);

    /// <summary>Gives back what was there before, after <see cref="TryCommit"/>.</summary>
    public bool TryUndo() => !IsChanged || TrySet(_before);

    /// <summary>Components that are not in their initial state: XSTATE_BV.</summary>
    public ulong InUse => BitConverter.ToUInt64(_area, XsaveState.StateBvOffset);

    /// <summary>Bytes of a component from AVX on, as they lie in the area; empty: it is in its initial state, zeros for all that is
    /// used here. False: the area has no room for it.</summary>
    public bool TryComponent(int component, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if ((InUse & (1UL << component)) == 0)
            return true;
        int offset = OffsetOf(component);
        if (offset < 0)
            return false;
        bytes = _area.AsSpan(offset, _layout.SizeOf(component));
        return true;
    }

    /// <summary>Whether the area has a place for a component from AVX on, so that its contents are known.</summary>
    public bool HasRoomFor(int component) => OffsetOf(component) >= 0;

    /// <summary>Asks for IA32_XSS: the components that XSAVES saves besides.</summary>
    public bool TryReadXss(out ulong value)
    {
        value = 0;
        return _hypervisor is not null && _hypervisor.ReadMsr(_vcpu, Ia32Xss, out value).IsSuccess();
    }

    private ulong Compaction => BitConverter.ToUInt64(_area, XsaveState.CompactionOffset);

    private bool IsCompacted => (Compaction & XsaveState.Compacted) != 0;

    private int OffsetOf(int component)
    {
        int offset = _layout.OffsetOf(component, Compaction);
        return offset >= 0 && offset <= _size - _layout.SizeOf(component) ? offset : -1;
    }

    /// <summary>Prepares a component from AVX on for a change: from then on it is in use. False: the area has no room for it.</summary>
    private bool TryChange(int component, out Span<byte> bytes)
    {
        bytes = default;
        int offset = OffsetOf(component);
        if (offset < 0)
            return false;

        BeginChange();
        bytes = _area.AsSpan(offset, _layout.SizeOf(component));
        if ((InUse & (1UL << component)) == 0)
            bytes.Clear();
        MarkInUse(component);
        return true;
    }

    private void BeginChange()
    {
        if (IsChanged)
            return;
        if (_before.Length < _size)
            _before = new byte[_area.Length];
        _area.AsSpan(0, _size).CopyTo(_before);
        IsChanged = true;
    }

    private void MarkInUse(int component) =>
        BitConverter.TryWriteBytes(_area.AsSpan(XsaveState.StateBvOffset), InUse | (1UL << component));

    private bool TrySet(byte[] area) =>
        _hypervisor is not null && _hypervisor.QueryBytes(QueryInfoClass.SetXsaveArea, _vcpu, area.AsSpan(0, _size)).IsSuccess();

    private Span<byte> Room(int size)
    {
        if (_area.Length < size)
            _area = new byte[size];
        return _area.AsSpan(0, size);
    }
}
