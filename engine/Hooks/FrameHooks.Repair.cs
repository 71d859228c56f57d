using System.Threading;
using Engine.Abi;

namespace Engine.Hooks;

/// <content>Rights that are narrower than the hooks ask for.</content>
internal sealed unsafe partial class FrameHooks
{
    /// <summary>
    /// Gives a frame the rights of an access back, if no hook of any of its kinds is there and the hypervisor withholds them all the
    /// same. They are taken away altogether first, so that a hypervisor that remembers what it was told does not take it for nothing
    /// new; then they are set and flushed (spec/12, section 1.1).
    /// </summary>
    /// <returns><see cref="IntStatus.NotNeededHint"/>: there is a hook, or they are not withheld; <see cref="IntStatus.NotSupported"/>:
    /// the glue cannot tell rights, or not set them; <see cref="IntStatus.Busy"/>: another thread is changing rights just now.</returns>
    public IntStatus RepairRights(ulong gpa, EptAccess kinds)
    {
        // Whoever sets a hook meanwhile commits it after this, so that it cannot be undone here.
        if (Interlocked.CompareExchange(ref _committing, 1, 0) != 0)
            return IntStatus.Busy;
        try
        {
            return RepairUncommitted(gpa & ~(PageSize - 1), kinds);
        }
        finally
        {
            Volatile.Write(ref _committing, 0);
        }
    }

    private IntStatus RepairUncommitted(ulong page, EptAccess kinds)
    {
        EptAccess hooked = HookedAccess(page);
        if ((hooked & kinds) != EptAccess.None)
            return IntStatus.NotNeededHint;
        IntStatus status = _hypervisor.GetRights(page, out EptAccess allowed);
        if (!status.IsSuccess())
            return status;
        if ((kinds & ~allowed) == EptAccess.None)
            return IntStatus.NotNeededHint;

        status = SetRights(page, EptAccess.None);
        if (status.IsSuccess())
            status = SetRights(page, (allowed | kinds) & ~hooked);
        return status.IsSuccess() ? _hypervisor.FlushRights() : status;
    }

    private IntStatus SetRights(ulong page, EptAccess allowed) => _hypervisor.SetRights(
        page,
        read: (allowed & EptAccess.Read) != EptAccess.None,
        write: (allowed & EptAccess.Write) != EptAccess.None,
        execute: (allowed & EptAccess.Execute) != EptAccess.None);
}
