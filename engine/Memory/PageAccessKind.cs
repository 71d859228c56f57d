namespace Engine.Memory;

/// <summary>What an access does.</summary>
internal enum PageAccessKind
{
    /// <summary>Reads data.</summary>
    Read,

    /// <summary>Writes data; a read and write counts as this.</summary>
    Write,

    /// <summary>Fetches an instruction.</summary>
    Execute,
}
