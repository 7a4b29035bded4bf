-module(mochi_option).
-moduledoc "Options. A Mochi value is its own `some`; `none` is null, the atom `nil`.".

-export([none/0, is_some/1, is_none/1, unwrap/1, unwrap_or/2, unwrap_or_else/2, map/2, and_then/2, or_else/2]).
-export([filter/2, to_list/1, from_result/1, zip/2]).
-export_type([option/1]).

-type option(T) :: T | nil.

-doc "No value.".
-spec none() -> nil.
none() -> nil.

-doc "Is there a value?".
-spec is_some(option(term())) -> boolean().
is_some(V) -> mochi_cell:plain(V) =/= nil.

-doc "Is there none?".
-spec is_none(option(term())) -> boolean().
is_none(V) -> not is_some(V).

-doc "The value; a runtime error when there is none.".
-spec unwrap(option(T)) -> T.
unwrap(V) ->
    case is_some(V) of
        true -> V;
        false -> mochi_core:fail(<<"unwrap of none">>)
    end.

-doc "The value, or a default.".
-spec unwrap_or(option(T), T) -> T.
unwrap_or(V, Default) ->
    case is_some(V) of
        true -> V;
        false -> Default
    end.

-doc "The value, or what the function gives.".
-spec unwrap_or_else(option(T), fun(() -> T)) -> T.
unwrap_or_else(V, F) ->
    case is_some(V) of
        true -> V;
        false -> F()
    end.

-doc "The function of the value.".
-spec map(fun((T) -> U), option(T)) -> option(U).
map(F, V) ->
    case is_some(V) of
        true -> F(V);
        false -> nil
    end.

-doc "The same; the function may itself give none.".
-spec and_then(option(T), fun((T) -> option(U))) -> option(U).
and_then(V, F) -> map(F, V).

-doc "The first, or the other option when it is none.".
-spec or_else(option(T), option(T)) -> option(T).
or_else(V, Other) -> unwrap_or(V, Other).

-doc "The value if the predicate holds for it.".
-spec filter(fun((T) -> term()), option(T)) -> option(T).
filter(P, V) ->
    case is_some(V) andalso mochi_core:truthy(P(V)) of
        true -> V;
        false -> nil
    end.

-doc "A Mochi list of none or one.".
-spec to_list(option(term())) -> mochi_list:vec().
to_list(V) ->
    case is_some(V) of
        true -> mochi_list:from_list([V]);
        false -> mochi_list:new()
    end.

-doc "From what Erlang functions return.".
-spec from_result({ok, T} | {error, term()} | error | undefined) -> option(T).
from_result({ok, V}) -> V;
from_result({error, _}) -> nil;
from_result(error) -> nil;
from_result(undefined) -> nil.

-doc "A list of both, if both are there.".
-spec zip(option(term()), option(term())) -> option(mochi_list:vec()).
zip(A, B) ->
    case is_some(A) andalso is_some(B) of
        true -> mochi_list:from_list([A, B]);
        false -> nil
    end.
