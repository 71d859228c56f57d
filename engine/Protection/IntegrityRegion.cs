using Engine.Memory;

namespace Engine.Protection;

/// <summary>A range of guest memory that is compared with what it was.</summary>
internal sealed class IntegrityRegion
{
    public IntegrityRegion(ulong id, in PagingContext paging, ulong linear, byte[] bytes, IIntegrityHandler handler, ulong cookie)
    {
        Id = id;
        Paging = paging;
        Linear = linear;
        Bytes = bytes;
        Handler = handler;
        Cookie = cookie;
    }

    /// <summary>Its number; they ascend.</summary>
    public ulong Id { get; }

    /// <summary>The address space.</summary>
    public PagingContext Paging { get; }

    /// <summary>Address.</summary>
    public ulong Linear { get; }

    /// <summary>What it has to be. Only the timer's thread reads or changes it.</summary>
    public byte[] Bytes { get; }

    /// <summary>Who is asked.</summary>
    public IIntegrityHandler Handler { get; }

    /// <summary>For the handler.</summary>
    public ulong Cookie { get; }

    /// <summary>How often it was found changed.</summary>
    public int Count { get; set; }
}
