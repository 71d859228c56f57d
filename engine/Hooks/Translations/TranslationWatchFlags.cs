using System;

namespace Engine.Hooks.Translations;

/// <summary>How a watch wants to be asked.</summary>
[Flags]
internal enum TranslationWatchFlags : byte
{
    /// <summary>About presence, address, size, R/W and U/S.</summary>
    None = 0,

    /// <summary>About XD as well.</summary>
    NoExecute = 1,

    /// <summary>A store whose effect on the page is not known is not allowed, unless the handler says otherwise; without this it is
    /// allowed, and the entries are compared afterwards.</summary>
    FailClosed = 2,

    /// <summary>Wants <see cref="ITranslationHookHandler.OnProtected"/>.</summary>
    Protects = 4,
}
