using System;
using System.IO;
using System.Threading;

namespace Build.Tools;

/// <summary>Keeps two runs of the build program from making the same files at the same time.</summary>
public sealed class ArtifactsLock : IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);

    private readonly FileStream _file;

    private ArtifactsLock(FileStream file) => _file = file;

    public static ArtifactsLock Take(BuildContext context)
    {
        Directory.CreateDirectory(context.Paths.Artifacts);
        for (bool told = false; ; told = true)
        {
            try
            {
                return new ArtifactsLock(
                    new FileStream(context.Paths.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException)
            {
                if (!told)
                    context.Progress.Line("waiting for another build in this folder to end");
                Thread.Sleep(_pause);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
