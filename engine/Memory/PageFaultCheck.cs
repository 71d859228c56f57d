using Engine.Abi;

namespace Engine.Memory;

/// <summary>
/// Tells whether the processor would perform an access at an address that was translated, and with which error code it would
/// raise #PF (SDM 3A, 4.6 and 4.7). Shadow-stack accesses are not covered.
/// </summary>
internal static class PageFaultCheck
{
    /// <summary>Error code: the page was present, so that its rights are the cause.</summary>
    public const uint Present = 1;

    /// <summary>Error code: a write.</summary>
    public const uint Write = 1 << 1;

    /// <summary>Error code: a user-mode access.</summary>
    public const uint User = 1 << 2;

    /// <summary>Error code: an entry has a reserved bit set.</summary>
    public const uint Reserved = 1 << 3;

    /// <summary>Error code: an instruction fetch, where the processor can forbid those.</summary>
    public const uint Fetch = 1 << 4;

    /// <summary>Error code: the protection key forbids it.</summary>
    public const uint Key = 1 << 5;

    private const uint AccessDisabled = 1;
    private const uint WriteDisabled = 2;

    /// <summary>Checks an access by the answer of <see cref="PageWalk"/>.</summary>
    /// <param name="status">Status of the walk.</param>
    /// <param name="rights">Rights that the walk found.</param>
    /// <param name="paging">Registers of the walk.</param>
    /// <param name="access">The access.</param>
    /// <param name="errorCode">Error code of the #PF; 0 where there is none.</param>
    public static PageCheck Check(
        IntStatus status, in PageRights rights, in PagingContext paging, in PageAccess access, out uint errorCode)
    {
        errorCode = 0;
        uint cause = 0;
        switch (status)
        {
            case IntStatus.Success when paging.Mode == PagingMode.None:
                return PageCheck.Allowed;
            case IntStatus.Success:
                bool isKeyClosed = IsClosedByKey(in rights, in paging, in access);
                if (!isKeyClosed && IsAllowed(in rights, in paging, in access))
                    return PageCheck.Allowed;
                cause = Present | (isKeyClosed ? Key : 0);
                break;
            case IntStatus.PageNotPresent or IntStatus.NoMappingStructures:
                break;
            case IntStatus.CorruptedData:
                cause = Present | Reserved;
                break;
            case IntStatus.InvalidParameter2:
                return PageCheck.NotCanonical;
            default:
                return PageCheck.Unknown;
        }

        errorCode = cause | KindOf(in paging, in access);
        return PageCheck.PageFault;
    }

    private static bool IsAllowed(in PageRights rights, in PagingContext paging, in PageAccess access)
    {
        if (access.IsUser)
        {
            return rights.IsUser &&
                (access.Kind == PageAccessKind.Read ||
                    (access.Kind == PageAccessKind.Write ? rights.IsWritable : rights.IsExecutable));
        }

        if (access.Kind == PageAccessKind.Execute)
            return rights.IsExecutable && !(rights.IsUser && paging.HasSmep);
        if (rights.IsUser && paging.HasSmap && (access.IsImplicit || !access.HasAlignmentCheck))
            return false;
        return access.Kind == PageAccessKind.Read || rights.IsWritable || !paging.IsWriteProtected;
    }

    /// <summary>Keys concern data alone. A write that is disabled is performed by supervisor code without CR0.WP.</summary>
    private static bool IsClosedByKey(in PageRights rights, in PagingContext paging, in PageAccess access)
    {
        if (access.Kind == PageAccessKind.Execute || !(rights.IsUser ? paging.HasUserKeys : paging.HasSupervisorKeys))
            return false;

        uint key = ((rights.IsUser ? access.UserKeys : access.SupervisorKeys) >> (2 * rights.Key)) & 3;
        return (key & AccessDisabled) != 0 ||
            ((key & WriteDisabled) != 0 && access.Kind == PageAccessKind.Write && (access.IsUser || paging.IsWriteProtected));
    }

    /// <summary>What the error code says of the access itself. I/D is only set where there is SMEP, or XD.</summary>
    private static uint KindOf(in PagingContext paging, in PageAccess access) =>
        (access.Kind == PageAccessKind.Write ? Write : 0) |
        (access.IsUser ? User : 0) |
        (access.Kind == PageAccessKind.Execute && (paging.HasSmep || (paging.HasNoExecute && paging.Mode >= PagingMode.Pae)) ? Fetch : 0);
}
