namespace Engine.Events;

/// <summary>What the guest's model and its #VE agent know, for violations that the agent raises.</summary>
internal interface IVeGuest
{
    /// <summary>Whether a linear address is one at which the agent's own pages are mapped by the table that is being changed
    /// (IntVeIsAgentRemapped): then the other vCPUs have to stand still.</summary>
    bool IsAgentRemapped(ulong linear);

    /// <summary>The CR3 with which a process runs in user mode, where that is another one than in the kernel. False: there is no process
    /// of this CR3.</summary>
    bool TryFindUserCr3(ulong cr3, out ulong userCr3);
}
