namespace Engine.Abi;

/// <summary>EventClass of NotifyIntrospectionAlert (INTRO_EVENT_TYPE); only the classes that this version raises.</summary>
public enum IntroEventType : uint
{
    /// <summary><see cref="EventEptViolation"/>.</summary>
    EptViolation = 1,

    /// <summary><see cref="EventRegisterViolation"/> of a model-specific register.</summary>
    MsrViolation = 2,

    /// <summary><see cref="EventRegisterViolation"/> of a control register.</summary>
    CrViolation = 3,

    /// <summary><see cref="EventIntegrityViolation"/>.</summary>
    IntegrityViolation = 5,

    /// <summary><see cref="EventRegisterViolation"/> of IDTR or GDTR.</summary>
    DtrViolation = 8,
}
