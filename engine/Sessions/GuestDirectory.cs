using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Engine.Sessions;

/// <summary>The guests of the process by handle: an open hash table that is replaced as a whole when a guest comes or goes.</summary>
/// <remarks>Thread safety: <see cref="Find"/> from any thread, without a lock; changes are serialised.</remarks>
internal sealed class GuestDirectory
{
    private readonly Lock _writer = new();
    private GuestSession?[] _table = new GuestSession?[8];
    private int _count;

    /// <summary>The guest of a handle, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GuestSession? Find(nint handle)
    {
        GuestSession?[] table = Volatile.Read(ref _table);
        ref GuestSession? first = ref MemoryMarshal.GetArrayDataReference(table);
        uint mask = (uint)table.Length - 1;
        for (uint i = Home(handle); ; i++)
        {
            // The mask keeps it inside: the length is a power of two.
            GuestSession? session = Unsafe.Add(ref first, i & mask);
            if (session is null || session.Handle == handle)
                return session;
        }
    }

    /// <summary>The guest of a handle, made if there is none; null when there are too many.</summary>
    public GuestSession? FindOrAdd(nint handle, in EngineSettings settings)
    {
        lock (_writer)
        {
            GuestSession? session = Find(handle);
            if (session is not null || _count >= Limits.MaxGuests)
                return session;

            session = new GuestSession(handle, in settings, RemoveIfUnused);
            List<GuestSession> sessions = All();
            sessions.Add(session);
            Publish(sessions);
            return session;
        }
    }

    /// <summary>Keeps guests from coming and going until the scope is left; for what must not be lost with one that is just being
    /// forgotten. Not to be held across a call into the glue.</summary>
    public Lock.Scope Freeze() => _writer.EnterScope();

    /// <summary>Forgets a guest that is not used any more.</summary>
    public void RemoveIfUnused(GuestSession session)
    {
        lock (_writer)
        {
            if (!session.TryForget())
                return;

            List<GuestSession> sessions = All();
            sessions.Remove(session);
            Publish(sessions);
        }
    }

    /// <summary>All guests.</summary>
    public List<GuestSession> All()
    {
        List<GuestSession> sessions = [];
        foreach (GuestSession? session in Volatile.Read(ref _table))
        {
            if (session is not null)
                sessions.Add(session);
        }

        return sessions;
    }

    /// <summary>At least a quarter of the places is empty, so that every search ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Home(nint handle) => (uint)(((ulong)handle * 0x9E37_79B9_7F4A_7C15) >> 40);

    private void Publish(List<GuestSession> sessions)
    {
        int size = 8;
        while (size * 3 < (sessions.Count + 1) * 4)
            size *= 2;

        GuestSession?[] table = new GuestSession?[size];
        foreach (GuestSession session in sessions)
        {
            int i = (int)Home(session.Handle) & (size - 1);
            while (table[i] is not null)
                i = (i + 1) & (size - 1);
            table[i] = session;
        }

        _count = sessions.Count;
        Volatile.Write(ref _table, table);
    }
}
