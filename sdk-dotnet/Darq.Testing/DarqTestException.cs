namespace Darq.Testing;

/// <summary>The app under test, or the test, does something that the test host cannot answer for; the text says what.</summary>
public sealed class DarqTestException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="inner">What caused it; null where nothing did.</param>
    public DarqTestException(string message, Exception? inner)
        : base(message, inner) { }

    /// <summary>Creates one without a text.</summary>
    public DarqTestException() { }

    /// <summary>Creates one.</summary>
    /// <param name="message">What is wrong.</param>
    public DarqTestException(string message)
        : base(message) { }
}
