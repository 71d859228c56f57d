using System;
using Engine.Abi;

namespace Engine.Memory;

/// <summary>
/// Goes through the pages that an address space maps, from the lowest address on, in any paging mode (spec/14, section 3). Each step is
/// a walk of its own, so that what is said of a page is what <see cref="PageWalk"/> says; what an absent or spoilt entry covers
/// is left out as a whole, and so is what lies below a table that leads back to itself or to one above it.
/// </summary>
/// <remarks>The guest may change its tables meanwhile, and make them large: <see cref="MoveNext"/> ends after
/// <see cref="Limits.MaxWalksAtOnce"/> walks, and another one goes on at <see cref="Next"/> later. For one thread.</remarks>
internal ref struct AddressSpaceWalk
{
    private const ulong CanonicalHalf48 = 0x0000_8000_0000_0000;
    private const ulong CanonicalHalf57 = 0x0100_0000_0000_0000;

    private readonly GuestMemory _memory;
    private readonly PagingContext _paging;
    private readonly ulong _last;
    private int _walksLeft;

    /// <summary>Begins at an address, and ends behind another one.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="paging">Mode and tables. With paging off there is nothing to go through.</param>
    /// <param name="first">Any address in the first page.</param>
    /// <param name="last">Any address in the last page.</param>
    public AddressSpaceWalk(GuestMemory memory, in PagingContext paging, ulong first = 0, ulong last = ulong.MaxValue)
    {
        _memory = memory;
        _paging = paging;
        _last = paging.Mode >= PagingMode.Level4 ? last : Math.Min(last, uint.MaxValue);
        _walksLeft = Limits.MaxWalksAtOnce;
        Next = first;
        IsComplete = paging.Mode == PagingMode.None || first > _last;
    }

    /// <summary>The page that was found.</summary>
    public LinearPage Current { get; private set; }

    /// <summary>Where the search goes on.</summary>
    public ulong Next { get; private set; }

    /// <summary>Whether all of the range was gone through.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Finds the next page. False: there is none, or this was enough at once (<see cref="IsComplete"/>).</summary>
    public bool MoveNext()
    {
        for (; !IsComplete && _walksLeft > 0; _walksLeft--)
        {
            IntStatus status = PageWalk.Walk(_memory, in _paging, Next, out Translation found);
            if (status == IntStatus.InvalidParameter2)
            {
                Advance(0 - (_paging.Mode == PagingMode.Level5 ? CanonicalHalf57 : CanonicalHalf48));
                continue;
            }

            // The first table is not there: nothing is.
            int count = found.Count;
            if (count == 0)
            {
                IsComplete = true;
                break;
            }

            int covering = EntriesBeforeLoop(in found);
            bool isPage = status.IsSuccess() && covering == count;
            ulong size = isPage ? found.PageSize : CoveredBy(covering);
            ulong start = Next & ~(size - 1);
            Advance(start + size);
            if (!isPage)
                continue;

            Current = new LinearPage(start, found.Physical & ~(size - 1), size, found.Rights);
            _walksLeft--;
            return true;
        }

        return false;
    }

    /// <summary>The entries of a walk up to the one that leads back to a table of the same walk; all of them, if none does.</summary>
    private static int EntriesBeforeLoop(in Translation found)
    {
        for (int i = 1; i < found.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (((found.AddressOf(i) ^ found.AddressOf(j)) & PageEntry.AddressMask) == 0)
                    return i;
            }
        }

        return found.Count;
    }

    /// <summary>Bytes that the last one of so many entries covers.</summary>
    private readonly ulong CoveredBy(int entries) => _paging.Mode switch
    {
        PagingMode.Bits32 => 1UL << (32 - (10 * entries)),
        PagingMode.Pae => 1UL << (39 - (9 * entries)),
        PagingMode.Level4 => 1UL << (48 - (9 * entries)),
        _ => 1UL << (57 - (9 * entries)),
    };

    private void Advance(ulong next)
    {
        IsComplete = next <= Next || next > _last;
        Next = next;
    }
}
