using Engine.Memory;

namespace Tests.Unit.Fakes;

/// <summary>
/// One combination of rights, registers and access, by number, and what the SDM says of it (3A, 4.6.1, 4.6.2 and 4.7), line by line as
/// it stands there.
/// </summary>
internal sealed record FaultCase(int Bits, PageAccessKind Kind)
{
    private const int TestKey = 5;

    public PageRights Rights
    {
        get
        {
            ulong entry = 1 | (IsUserPage ? 4UL : 0) | (IsWritable ? 2UL : 0) | (HasXd ? 1UL << 63 : 0) | ((ulong)TestKey << 59);
            return new PageRights(entry, entry, entry);
        }
    }

    public PagingContext Paging => new(
        0x8000_0001 | (Wp ? 1UL << 16 : 0),
        0,
        (1UL << 5) | (Smep ? 1UL << 20 : 0) | (Smap ? 1UL << 21 : 0) | (Pke ? 1UL << 22 : 0) | (Pks ? 1UL << 24 : 0),
        0xD00);

    public PageAccess Access => new()
    {
        Kind = Kind, IsUser = IsUserAccess, IsImplicit = IsImplicit, HasAlignmentCheck = Ac,
        UserKeys = KeyBits << (2 * TestKey), SupervisorKeys = KeyBits << (2 * TestKey),
    };

    public bool IsAllowed => IsUserAccess ? UserAccess() : IsUserPage ? SupervisorToUserPage() : SupervisorToSupervisorPage();

    public uint ErrorCode =>
        1U | (Kind == PageAccessKind.Write ? 2U : 0) | (IsUserAccess ? 4U : 0) | (Kind == PageAccessKind.Execute ? 16U : 0) |
        (Kind != PageAccessKind.Execute && !KeyPermits ? 32U : 0);

    private bool IsUserPage => Bit(0);

    private bool IsWritable => Bit(1);

    private bool HasXd => Bit(2);

    private bool Wp => Bit(3);

    private bool Smep => Bit(4);

    private bool Smap => Bit(5);

    private bool Ac => Bit(6);

    private bool Pke => Bit(7);

    private bool Pks => Bit(8);

    private uint KeyBits => (uint)(Bits >> 9) & 3;

    private bool IsUserAccess => Bit(11) && !IsImplicit;

    private bool IsImplicit => Bit(12) && Kind != PageAccessKind.Execute;

    /// <summary>A key forbids reading and writing, or writing; the latter to supervisor code with CR0.WP alone.</summary>
    private bool KeyPermits
    {
        get
        {
            if (IsUserPage && !Pke)
                return true;
            if (!IsUserPage && !Pks)
                return true;
            if ((KeyBits & 1) != 0)
                return false;
            bool mayWrite = (KeyBits & 2) == 0 || (!IsUserAccess && !Wp);
            return Kind != PageAccessKind.Write || mayWrite;
        }
    }

    private bool UserAccess()
    {
        if (!IsUserPage)
            return false;
        switch (Kind)
        {
            case PageAccessKind.Read:
                return KeyPermits;
            case PageAccessKind.Write:
                return IsWritable && KeyPermits;
            default:
                return !HasXd;
        }
    }

    private bool SupervisorToUserPage()
    {
        if (Kind == PageAccessKind.Execute)
            return !Smep && !HasXd;
        bool mayTouch = !Smap || (Ac && !IsImplicit);
        return mayTouch && KeyPermits && (Kind == PageAccessKind.Read || IsWritable || !Wp);
    }

    private bool SupervisorToSupervisorPage() => Kind switch
    {
        PageAccessKind.Execute => !HasXd,
        PageAccessKind.Read => KeyPermits,
        _ => KeyPermits && (IsWritable || !Wp),
    };

    private bool Bit(int number) => ((Bits >> number) & 1) != 0;
}
