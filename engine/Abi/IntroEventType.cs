namespace Engine.Abi;

/// <summary>EventClass of NotifyIntrospectionAlert (INTRO_EVENT_TYPE); only the classes that this version raises.</summary>
public enum IntroEventType : uint
{
    /// <summary><see cref="EventEptViolation"/>.</summary>
    EptViolation = 1,
}
