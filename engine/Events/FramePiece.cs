using System;
using Engine.Hooks;

namespace Engine.Events;

/// <summary>A part of an access that lies in one frame. Size 0: there is none.</summary>
internal readonly unsafe ref struct FramePiece
{
    private readonly ulong _gla;
    private readonly ReadOnlySpan<byte> _data;

    /// <param name="gpa">Guest-physical address of the first byte.</param>
    /// <param name="gla">Its linear address; 0: not known.</param>
    /// <param name="size">Bytes that may be touched.</param>
    /// <param name="data">The bytes of the store; empty: not known.</param>
    /// <param name="endsBy">Only hooks that end by this offset of the frame count.</param>
    public FramePiece(ulong gpa, ulong gla, int size, ReadOnlySpan<byte> data, int endsBy = 4096)
    {
        Gpa = gpa;
        _gla = gla;
        Size = size;
        _data = data;
        EndsBy = endsBy;
    }

    /// <summary>Guest-physical address of the first byte.</summary>
    public ulong Gpa { get; }

    /// <summary>Bytes that may be touched.</summary>
    public int Size { get; }

    /// <summary>Only hooks that end by this offset of the frame count.</summary>
    public int EndsBy { get; }

    /// <summary>The piece that an access is about.</summary>
    public static FramePiece Of(scoped in FrameAccess access) => new(access.Gpa, access.Gla, access.Size, access.Data);

    /// <summary>Lets an access, and the vCPU's record, be about this piece.</summary>
    public void Apply(ref FrameAccess access)
    {
        if (access.Vcpu != null)
        {
            access.Vcpu->Gpa = Gpa;
            access.Vcpu->Gla = _gla;
            access.Vcpu->AccessSize = (uint)Size;
        }

        access.Gpa = Gpa;
        access.Gla = _gla;
        access.Size = Size;
        access.Data = _data;
    }

    /// <summary>Lets this piece be the other one of an access.</summary>
    public void ApplyAsOther(ref FrameAccess access)
    {
        access.OtherGpa = Gpa;
        access.OtherData = _data;
    }
}
