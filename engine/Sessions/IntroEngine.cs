using Engine.Abi;
using Engine.Hosting;

namespace Engine.Sessions;

/// <summary>An engine from IntInit to IntUninit: its settings and its guests.</summary>
/// <remarks>Thread safety: any thread.</remarks>
internal sealed unsafe class IntroEngine
{
    private readonly EngineSettings _settings;
    private readonly GuestDirectory _guests = new();

    public IntroEngine(in EngineSettings settings)
    {
        _settings = settings;
        Log = new HostLog(settings.Upper.TracePrint, settings.Shim);
    }

    /// <summary>The log of what belongs to no guest.</summary>
    public HostLog Log { get; }

    /// <summary>The guest of a handle, or null.</summary>
    public GuestSession? Find(nint handle) => _guests.Find(handle);

    /// <summary>
    /// Checks the tables of IntInit. <see cref="IntStatus.InvalidParameter1"/> or 2: one is null or lacks a needed member, which is
    /// named in the log where there is a TracePrint; <see cref="IntStatus.NotSupported"/>: another version or size.
    /// </summary>
    public static IntStatus Check(GlueIface* glue, UpperIface* upper, in NativeShim shim)
    {
        if (glue == null)
            return IntStatus.InvalidParameter1;
        if (upper == null)
            return IntStatus.InvalidParameter2;
        if (glue->Version != GlueIface.Version1 || glue->Size != GlueIface.Version1Size ||
            upper->Version != UpperIface.Version1 || upper->Size != UpperIface.Version1Size)
        {
            return IntStatus.NotSupported;
        }

        HostLog log = new(upper->TracePrint, in shim);
        if (upper->TracePrint == 0)
            return IntStatus.InvalidParameter2;
        string? missing = glue->QueryGuestInfo == null ? "QueryGuestInfo"
            : glue->NotifyIntrospectionAlert == null ? "NotifyIntrospectionAlert"
            : (glue->PhysMemMapToHost == null) != (glue->PhysMemUnmap == null)
                ? glue->PhysMemMapToHost == null ? "PhysMemMapToHost" : "PhysMemUnmap"
            : null;
        if (missing is null)
            return IntStatus.Success;

        log.Write(IgLogLevel.Error, $"IntInit: the glue's table lacks {missing}");
        return IntStatus.InvalidParameter1;
    }

    /// <summary>NewGuestNotification. The support file, if one is given, is given back, whatever the answer: the engine needs none.
    /// </summary>
    public IntStatus NewGuest(nint handle, GuestOptions options, byte* support, uint supportLength)
    {
        if (handle == 0)
            return IntStatus.InvalidParameter1;
        GuestSession? session;
        IntStatus status;
        do
        {
            session = _guests.FindOrAdd(handle, in _settings);
            if (session is null)
            {
                Release(handle, support, supportLength);
                return IntStatus.InsufficientResources;
            }

            status = session.Start(options);
        }
        while (status == IntStatus.Busy && session.IsForgotten);

        if (!status.IsSuccess())
            _guests.RemoveIfUnused(session);
        Release(handle, support, supportLength);
        return status;
    }

    /// <summary>DisableIntro.</summary>
    public IntStatus Disable(nint handle, bool ignoreSafeness = false)
    {
        if (handle == 0)
            return IntStatus.InvalidParameter1;
        if (_guests.Find(handle) is not { } session)
            return IntStatus.NotNeededHint;

        IntStatus status = session.Stop(ignoreSafeness);
        if (status.IsSuccess())
            _guests.RemoveIfUnused(session);
        return status;
    }

    /// <summary>The guest of a handle for a declaration, made if there is none.</summary>
    public GuestSession? Declare(nint handle) => _guests.FindOrAdd(handle, in _settings);

    /// <summary>IntConfigureGuest; the configuration has been checked.</summary>
    public IntStatus Configure(nint handle, in IntroGuestConfig config)
    {
        using (_guests.Freeze())
            return Declare(handle)?.Configure(in config) ?? IntStatus.InsufficientResources;
    }

    /// <summary>IntDeclareGuestMemory; the arguments have been checked.</summary>
    public IntStatus DeclareMemory(nint handle, ulong gpa, ulong size, byte* host)
    {
        using (_guests.Freeze())
            return Declare(handle)?.DeclareMemory(gpa, size, host) ?? IntStatus.InsufficientResources;
    }

    /// <summary>IntRemoveGuestMemory.</summary>
    public IntStatus RemoveMemory(nint handle, ulong gpa, ulong size)
    {
        if (_guests.Find(handle) is not { } session)
            return IntStatus.NotFound;
        IntStatus status = session.RemoveMemory(gpa, size);
        _guests.RemoveIfUnused(session);
        return status;
    }

    private void Release(nint handle, byte* support, uint length)
    {
        if (support != null && _settings.Glue.ReleaseBuffer != null)
            _settings.Glue.ReleaseBuffer((void*)handle, support, length);
    }

    /// <summary>IntUninit: lets every guest go.</summary>
    public IntStatus Close()
    {
        IntStatus result = IntStatus.Success;
        foreach (GuestSession session in _guests.All())
        {
            IntStatus status = session.Stop(ignoreSafeness: true);
            if (!status.IsSuccess())
                result = status;
        }

        return result;
    }
}
