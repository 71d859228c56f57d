using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace Build.Tools;

/// <summary>A hash over the names and contents of files and over words, such as a command line.</summary>
public sealed class Fingerprint : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public Fingerprint Words(params IEnumerable<string> words)
    {
        foreach (string word in words)
            _hash.AppendData(Encoding.UTF8.GetBytes(word + "\0"));
        return this;
    }

    /// <summary>Files, and the files of folders; what is not there counts as such.</summary>
    public Fingerprint Files(params IEnumerable<string> paths)
    {
        foreach (string file in paths.SelectMany(Expand))
        {
            Words(file, File.Exists(file) ? "" : "absent");
            if (File.Exists(file))
                _hash.AppendData(File.ReadAllBytes(file));
        }

        return this;
    }

    public string Value() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();

    private static IEnumerable<string> Expand(string path) =>
        Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            : [path];
}
