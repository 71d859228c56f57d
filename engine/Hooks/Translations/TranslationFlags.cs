using System;

namespace Engine.Hooks.Translations;

/// <summary>What the entries of all levels together say about a page (SDM 3A, 4.6).</summary>
[Flags]
internal enum TranslationFlags : byte
{
    /// <summary>Absent.</summary>
    None = 0,

    /// <summary>There is a page.</summary>
    Present = 1,

    /// <summary>R/W at every level.</summary>
    Writable = 2,

    /// <summary>U/S at every level.</summary>
    User = 4,

    /// <summary>XD at some level.</summary>
    NoExecute = 8,

    /// <summary>Before any entry: nothing is forbidden.</summary>
    Unrestricted = Present | Writable | User,
}
